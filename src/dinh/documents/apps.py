from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        from dinh.documents.filing import register_fileables
        from dinh.documents.menus import register_menu

        register_menu()
        register_fileables()
