"""Keys act in the order in which they were typed, however fast they come.

Textual hands a key to whatever has the focus at that moment, into a queue of that widget's own, and runs most
bindings only when the key has bubbled from there up to the app. In a burst (a slow line, a password manager that
types) a Tab would therefore act after the characters behind it: a password would end up in the user name's field, in
clear. So each widget runs its own bindings in its own queue, and the keys that move the focus or act on the whole form
are priority bindings, run by the app before it looks at the next key, which first wait for these queues.
"""

import asyncio
from contextlib import suppress
from typing import Any

from textual import events
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

PATIENCE_S = 5.0
"""Seconds to wait for one widget: beyond it something hangs, and a form that takes no key any more would be worse."""
_LOOK_S = 0.1


async def run_own_binding(widget: Widget, event: events.Key) -> None:
    """Run what a widget binds to a key now, in the widget's own queue; leave other keys alone."""
    active = widget.screen.active_bindings.get(event.key)
    if active is None or active.node is not widget:
        return
    event.stop()
    event.prevent_default()
    await widget.run_action(active.binding.action)


async def settle(screen: Screen[Any]) -> None:
    """Wait until the focus and all above it have acted on every key that was handed out so far.

    Call it from the app's own queue (a priority binding), so that no other key is handed out meanwhile.
    """
    focus = screen.focused
    nodes = [node for node in focus.ancestors_with_self if isinstance(node, Widget)] if focus is not None else [screen]
    for node in nodes:
        await _drain(node)  # the keys
        await _drain(node)  # what it posted on account of them, which goes on to the next


async def _drain(node: MessagePump) -> None:
    done = asyncio.Event()
    if not node.call_later(done.set):
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not done.is_set() and node.is_running:  # a widget that was taken away answers no more
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await done.wait()
