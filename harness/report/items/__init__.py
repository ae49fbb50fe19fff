"""The item browser: items.html and items/, every item whose score changed, with prompt, target and both replies.

The page loads items/index.js, a columnar list of all changed items, and as they are shown or searched items/0000.js,
0001.js ...: shards of some hundred items with their texts. They are scripts, since a page opened from a file may load
nothing else; each is one call with one literal of JSON.

`write` is all that the rest of the report needs to know; `address` names an item, a task or an arm in links.
"""

from harness.report.items.changed import Reader
from harness.report.items.page import address, write

__all__ = ["Reader", "address", "write"]
