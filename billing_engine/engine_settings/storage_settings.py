"""The storage outside the database."""

from typing import Any


def outside_storage(*, bucket: str, region: str, folder: str) -> dict[str, Any]:
    """Return the entry of STORAGES: a bucket or, without one, a folder."""
    if not bucket:
        return {"BACKEND": "billing_engine.core.outside.folder.WriteOnceFolder", "OPTIONS": {"location": folder}}
    options = {"bucket_name": bucket, "default_acl": None, "region_name": region or None}
    return {"BACKEND": "billing_engine.core.outside.bucket.WriteOnceBucket", "OPTIONS": options}
