"""Mail: short texts and links to the pages where their reader decides, signed in. Nothing is decided by
opening a link, and no answer by mail is read."""

from api.mail.surface import Mail, MailSettings

__all__ = ["Mail", "MailSettings"]
