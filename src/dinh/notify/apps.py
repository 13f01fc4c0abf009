from django.apps import AppConfig

from dinh.kernel.shell import ShellPart, shell_parts


class NotifyConfig(AppConfig):
    name = "dinh.notify"
    label = "notify"

    def ready(self) -> None:
        from dinh.notify.channels import channels
        from dinh.notify.mail import MAIL
        from dinh.notify.queries.notifications import unread_for_bell

        shell_parts.register("notify", ShellPart("notify/bell.html", 10, unread_for_bell))
        channels.register("mail", MAIL)
