"""Where uploaded files are kept."""

from typing import Any


def file_storage(*, bucket: str, folder: str) -> dict[str, Any]:
    """Return the storage: a private bucket of S3, in which nothing is overwritten, or a folder."""
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": bucket, "file_overwrite": False, "default_acl": None, "querystring_auth": True},
    }
