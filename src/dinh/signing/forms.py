from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput


def uploaded_pdf(upload: object) -> bytes:
    """
    The bytes of an uploaded file, bounded by DINH_MAX_VERIFIED_MB.

    :raises InvalidInput: if none was chosen or it is too large
    """
    if not isinstance(upload, UploadedFile) or upload.size is None:
        raise InvalidInput(_("Please choose a PDF file."), field="file")
    if upload.size > settings.MAX_VERIFIED_BYTES:
        limit = settings.MAX_VERIFIED_BYTES // (1024 * 1024)
        raise InvalidInput(_("The file is larger than %(limit)d MB.") % {"limit": limit}, field="file")
    return bytes(upload.read())
