"""Objects in a bucket of S3, or of what speaks like it."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from billing_engine.core.outside.objects import AlreadyThere, NotThere

EXISTS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
MISSING = ("NoSuchKey", "404", "NoSuchVersion")


class WriteOnceBucket(S3Storage):  # type: ignore[misc]  # the library has no types
    """A bucket whose objects are put with `If-None-Match: *`: S3 itself refuses to overwrite one.

    The library's own way to write overwrites by default or, asked not to, looks first and then writes, which races.
    """

    def put_once(self, name: str, content: bytes) -> None:
        """Put an object, with a checksum that S3 verifies. Raises AlreadyThere."""
        try:
            self._client.put_object(
                Bucket=self.bucket_name, Key=name, Body=content, IfNoneMatch="*", ChecksumAlgorithm="SHA256"
            )
        except ClientError as error:
            if _code(error) in EXISTS:
                raise AlreadyThere(name) from error
            raise

    def take(self, name: str) -> bytes:
        """Return the content of an object. Raises NotThere."""
        try:
            found: bytes = self._client.get_object(Bucket=self.bucket_name, Key=name)["Body"].read()
        except ClientError as error:
            if _code(error) in MISSING:
                raise NotThere(name) from error
            raise
        return found

    def remove(self, name: str) -> None:
        """Delete an object with all its versions: a versioned bucket would keep what was deleted."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket_name, Prefix=name)
        for page in pages:
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if each["Key"] == name:
                    self._client.delete_object(Bucket=self.bucket_name, Key=name, VersionId=each["VersionId"])

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with a prefix, in order."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix):
            yield from (each["Key"] for each in page.get("Contents", ()))

    @property
    def _client(self) -> Any:
        return self.connection.meta.client


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
