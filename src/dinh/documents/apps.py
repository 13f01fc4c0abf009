from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        from dinh.documents.filing import register_fileables
        from dinh.documents.letters.lawbooks import register_lawbooks
        from dinh.documents.menus import register_menu
        from dinh.documents.work import register_kinds

        register_menu()
        register_lawbooks()
        register_fileables()
        register_kinds()
