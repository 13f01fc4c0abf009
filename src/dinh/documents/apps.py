from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dinh.documents"
    label = "documents"

    def ready(self) -> None:
        from dinh.documents.arrival_deadlines import ARRIVAL_DEADLINES
        from dinh.documents.filing import register_fileables
        from dinh.documents.guides import register_guides
        from dinh.documents.letters.lawbooks import register_lawbooks
        from dinh.documents.menus import register_menu
        from dinh.documents.operations.demo import wish_demo_letters
        from dinh.documents.work import register_kinds
        from dinh.kernel.demo import demo_steps
        from dinh.kernel.law import lawbooks
        from dinh.storage.api import refers

        register_menu()
        register_guides()
        register_lawbooks()
        lawbooks.register("arrival_deadlines", ARRIVAL_DEADLINES)
        register_fileables()
        register_kinds()
        demo_steps.register("documents", wish_demo_letters)
        refers("documents.Document", "content")
        refers("documents.Attachment", "blob")
        refers("documents.Version", "pdf", "word")
        refers("documents.Intake", "original", "stamped")
        refers("documents.RegisterImport", "blob")
        refers("documents.DeviceSignature", "before")
