"""The tree of RFC 6962, and the traps of other trees."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoices.domain.proof.verifier.tree import (
    EMPTY,
    LEAF,
    leaf_of,
    node_of,
    nonce_of,
    owner_of,
    path_of,
    root_from,
    root_of,
)

# The leaves of the test vectors that Certificate Transparency publishes, and the roots over the first 1 to 8 of them.
LEAVES = [
    sha256(LEAF + bytes.fromhex(data)).digest()
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_roots_are_those_of_the_published_vectors() -> None:
    assert [root_of(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS
    assert root_of([]) == EMPTY == sha256(b"").digest()


@settings(max_examples=25)
@given(st.integers(1, 70))
def test_every_path_leads_to_the_root_from_its_own_place_only(size: int) -> None:
    leaves = [sha256(LEAF + bytes([n])).digest() for n in range(size)]
    for place in range(1, size + 1):
        path = path_of(leaves, place)
        assert root_from(leaves[place - 1], place, size, path) == root_of(leaves)
        assert root_from(leaves[place - 1], place % size + 1, size, path) != root_of(leaves) or size == 1


def test_nothing_is_duplicated() -> None:
    """CVE-2012-2459: three leaves and three with the last one twice are different trees."""
    assert root_of(LEAVES[:3]) != root_of([*LEAVES[:3], LEAVES[2]])


def test_an_inner_node_is_no_leaf() -> None:
    """Without prefixes, a proof could be cut short, and a node would pass for a charge."""
    node = node_of(LEAVES[0], LEAVES[1])
    assert sha256(LEAF + LEAVES[0] + LEAVES[1]).digest() != node
    assert root_from(node, 1, 4, path_of(LEAVES[:4], 1)[1:]) is None
    assert root_from(LEAVES[0], 1, 4, path_of(LEAVES[:4], 1)[:1]) is None
    assert root_from(LEAVES[0], 0, 4, path_of(LEAVES[:4], 1)) is None
    assert root_from(LEAVES[0], 5, 4, path_of(LEAVES[:4], 1)) is None


def test_a_leaf_names_whose_it_is_and_where() -> None:
    nonce, lines = nonce_of(b"salt", 1), b"action\ncharge\n"
    one = leaf_of(nonce, owner_of("ACME", "INV-1"), 1, lines)
    others = [
        leaf_of(nonce, owner_of("OTHER", "INV-1"), 1, lines),
        leaf_of(nonce, owner_of("ACME", "INV-2"), 1, lines),
        leaf_of(nonce, owner_of("ACME", "INV-1"), 2, lines),
        leaf_of(nonce_of(b"salt", 2), owner_of("ACME", "INV-1"), 1, lines),
        leaf_of(nonce_of(b"other", 1), owner_of("ACME", "INV-1"), 1, lines),
        leaf_of(nonce, owner_of("ACME", "INV-1"), 1, b"action\nother\n"),
    ]
    assert one not in others
    with pytest.raises(ValueError, match="one line each"):
        owner_of("ACME\nINV-1", "1")
