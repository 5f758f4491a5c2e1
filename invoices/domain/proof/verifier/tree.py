"""The Merkle tree over an invoice's charges (RFC 6962): its root is the fingerprint, and a path proves one charge.

Leaves begin with a zero byte and nodes with a one, so neither passes for the other. A tree is split at the largest power of
two below its size; nothing is duplicated.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"
EMPTY = sha256(b"").digest()


def nonce_of(salt: bytes, place: int) -> bytes:
    """The secret part of a leaf: without the invoice's salt, a charge can't be guessed from its neighbor's proof."""
    return hmac.digest(salt, place.to_bytes(8, "big"), "sha256")


def leaf_of(nonce: bytes, owner: bytes, place: int, lines: bytes) -> bytes:
    """The leaf of a charge: whose it is, its place from 1, and its action and charge as their lines in the files."""
    return sha256(LEAF + nonce + owner + b"%d\n" % place + lines).digest()


def owner_of(customer: str, invoice: str) -> bytes:
    """What every leaf of an invoice names."""
    if "\n" in customer + invoice:
        raise ValueError("The customer and the invoice are one line each.")
    return f"{customer}\n{invoice}\n".encode()


def node_of(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return sha256(NODE + left + right).digest()


class Tree:
    """Takes leaves one by one and remembers only one node per level."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []  # the roots of full trees, the largest first

    def add(self, leaf: bytes) -> None:
        """Add the next leaf."""
        size, node = self.size, leaf
        while size & 1:
            node = node_of(self._whole.pop(), node)
            size >>= 1
        self._whole.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root over the leaves so far."""
        if not self._whole:
            return EMPTY
        *others, root = self._whole
        for left in reversed(others):
            root = node_of(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def path_of(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """The nodes that prove the leaf at this place, from 1: its neighbor first."""
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if place <= split:
        return [*path_of(leaves[:split], place), root_of(leaves[split:])]
    return [*path_of(leaves[split:], place - split), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def root_from(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of a tree of this size that has the leaf at this place, from 1; None if no path has this length."""
    if not 1 <= place <= size:
        return None
    sides = []  # from the top: whether the leaf is on the left
    while size > 1:
        split = _split(size)
        is_left = place <= split
        sides.append(is_left)
        place, size = (place, split) if is_left else (place - split, size - split)
    if len(sides) != len(path):
        return None
    for is_left, other in zip(reversed(sides), path, strict=True):
        leaf = node_of(leaf, other) if is_left else node_of(other, leaf)
    return leaf
