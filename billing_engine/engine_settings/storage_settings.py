"""Where files are kept: static ones, uploaded ones, and the archive outside the database."""

from typing import Any


def outside_storage(*, bucket: str, region: str, folder: str) -> dict[str, Any]:
    """Return the entry of STORAGES: a bucket or, without one, a folder."""
    if not bucket:
        return {"BACKEND": "billing_engine.core.outside.folder.WriteOnceFolder", "OPTIONS": {"location": folder}}
    options = {"bucket_name": bucket, "default_acl": None, "region_name": region or None}
    return {"BACKEND": "billing_engine.core.outside.bucket.WriteOnceBucket", "OPTIONS": options}


def file_storage(*, bucket: str, folder: str) -> dict[str, Any]:
    """Return the storage: a private bucket of S3, in which nothing is overwritten, or a folder."""
    if not bucket:
        private = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder, **private}}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": bucket, "file_overwrite": False, "default_acl": None, "querystring_auth": True},
    }


def storages(*, archive: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    """Return STORAGES."""
    return {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "archive": archive,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
        "files": files,
    }
