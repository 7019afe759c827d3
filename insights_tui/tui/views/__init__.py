"""The views of the interface, one a module (or a package): what row 2 lists and the number keys open.

The contract, for whoever adds one:

* **One class** in `views/<name>.py` (or `views/<name>/`), a subclass of `view.View`, with `NAME` (the id and the
  name of its style sheet), `TITLE` (the word in row 2), `KEY` (the digit), `HELP` (one sentence for `?`) and its own
  `BINDINGS`, each with an `id` that begins with `NAME` (`lost.redrive`), so that it can be remapped.
* **One line** in `registry.VIEWS`: an `Entry(KEY, TITLE, NAME, module, make)`, with `mark=` where row 2 should show a
  short word after the title (`212`), computed from a frame alone because the view may not exist yet. `make` gets the
  client and imports the module itself (`from … import` inside the function), so that a view costs no start-up time;
  `module` is loaded once the first frame stands. Add the line when the view works, not before.
* **One style sheet** `styles/<name>.tcss`, everything in it below the view's class name. It is loaded by name.
* **`draw(frame, space)`** is all that a frame does: by default every `Panel` inside gets `show(frame, space)`. It is
  called once a tick, when the terminal is resized and when the view is opened, inside one `batch_update()`; never
  while the view is hidden or a dialog covers it. While frozen it is called once with `frame.frozen_at` set: then the
  view stands still (`self.frozen`), what it reads of its own accord included. The view carries the class of its
  layout: `-tiny`, `-narrow`, `-medium` or `-wide`.
* **`on_view_shown()` / `on_view_hidden()`**: start and end what reads from the agent. A hidden view does nothing: no
  call, no timer, no task, no byte. The first `draw` comes right after `on_view_shown`.
* **Data from the agent** comes through what `make` hands to the constructor, typed as the protocol that the view
  needs (`LostApi`, `TailApi` of `client/protocol.py`), never through `self.app`: so a test feeds it with frozen data.
  Long calls run in `self.work(…)`; they end in `on_view_hidden`.
* **`keys(frame)`** names the keys of the last row, most needed first.
* **Focus**: the view itself can have the focus and gets it when it is opened (override `focus_first`), so that its
  bindings work; the digits, `space`, `?`, `:` and `q` belong to the screen. An input field keeps what is typed.
* **To the person**: `self.say("…", "good" | "bad" | "plain")` writes the notice row; a question is
  `self.app.push_screen(Confirm(Question(…)), answered)`.
* **Foreign text** goes through `domain.text.sanitize` and is drawn as runs (`lines.py`) in a `Panel` or `Sheet`:
  never as markup, never in a stock `Static`, `DataTable`, `Log` or `Input` that blinks (what they cost: `tui.md`).
"""
