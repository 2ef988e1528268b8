"""Which key does what."""

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.keys import Keys

from loomkin.ui.repl_actions import KeyActions


def bindings(actions: KeyActions) -> KeyBindings:
    """All keys of the screen; what is not named here edits as in emacs."""
    keys = KeyBindings()
    asking = Condition(lambda: actions.asking)
    wording = Condition(lambda: actions.wording)
    plain = ~is_searching
    typing = plain & ~wording
    for names, do, when in (
        (("enter",), actions.enter, plain),
        (("c-j",), actions.newline, typing),
        (("escape", "enter"), actions.newline, typing),
        (("c-s",), actions.steer, typing),
        (("escape",), actions.escape, plain),
        (("c-c",), actions.control_c, plain),
        (("<sigint>",), actions.control_c, plain),
        (("c-d",), actions.leave, typing & Condition(lambda: actions.empty)),
        (("s-tab",), actions.next_mode, typing),
        (("c-g",), actions.open_editor, typing),
        (("c-x", "c-e"), actions.open_editor, typing),
        (("c-l",), actions.redraw, plain),
        (("c-i",), actions.complete, typing),
        (("up",), actions.up, typing),
        (("down",), actions.down, typing),
        (("?",), actions.toggle_keys, typing & Condition(lambda: actions.empty)),
        (("c-e",), actions.show_all, asking),
        (("c-n",), actions.next_question, asking),
    ):

        def bound(event: KeyPressEvent, do=do) -> None:  # type: ignore[no-untyped-def]
            do()

        keys.add(*names, filter=when)(bound)
    _editing(keys, actions)
    _answers(keys, actions)
    return keys


def _editing(keys: KeyBindings, actions: KeyActions) -> None:
    @keys.add(Keys.BracketedPaste, filter=~is_searching & ~Condition(lambda: actions.wording))
    def paste(event: KeyPressEvent) -> None:
        actions.paste(event.data)

    for key, command in (("backspace", "backward-delete-char"), ("c-w", "unix-word-rubout")):

        @keys.add(key, filter=~is_searching)
        def rub_out(event: KeyPressEvent, command=command) -> None:  # type: ignore[no-untyped-def]
            if not actions.rub_out():
                get_by_name(command).handler(event)

    @keys.add("c-z")
    def suspend(event: KeyPressEvent) -> None:
        get_app().suspend_to_background()


def _answers(keys: KeyBindings, actions: KeyActions) -> None:
    for key in "yapnd123456789":

        @keys.add(key, filter=Condition(lambda: actions.asking) & ~is_searching)
        def answer(event: KeyPressEvent, key=key) -> None:  # type: ignore[no-untyped-def]
            if not actions.press(key):
                event.current_buffer.insert_text(key)
