"""What changes of a list leave of it, by definition.

Source: KIP-339, ConfigurationControlManager.incrementalAlterConfigResource.
"""

from __future__ import annotations

from collections.abc import Sequence


def changed_list(values: Sequence[str], items: Sequence[str], *, add: bool) -> list[str]:
    """The list with items added behind, unless they are there, or taken away."""
    if add:
        return [*values, *(item for item in items if item not in values)]
    return [value for value in values if value not in items]
