"""The fifty tasks by name; of some of them the words for the task and for its success."""

from collections.abc import Mapping

from showtell.worlds.words import Words

# fmt: off
TASKS = (
    "assembly", "basketball", "bin-picking", "box-close", "button-press", "button-press-topdown",
    "button-press-topdown-wall", "button-press-wall", "coffee-button", "coffee-pull", "coffee-push",
    "dial-turn", "disassemble", "door-close", "door-lock", "door-open", "door-unlock",
    "drawer-close", "drawer-open", "faucet-close", "faucet-open", "hammer", "hand-insert",
    "handle-press", "handle-press-side", "handle-pull", "handle-pull-side", "lever-pull",
    "peg-insert-side", "peg-unplug-side", "pick-out-of-hole", "pick-place", "pick-place-wall",
    "plate-slide", "plate-slide-back", "plate-slide-back-side", "plate-slide-side", "push",
    "push-back", "push-wall", "reach", "reach-wall", "shelf-place", "soccer", "stick-pull",
    "stick-push", "sweep", "sweep-into", "window-close", "window-open",
)
# fmt: on
# Meta-World 3.1.1's `evaluate_state`, in words.
SUCCESS: Mapping[str, str] = {
    "button-press": "the button was within 2 cm of pressed",
    "coffee-push": "the mug was within 7 cm of its place under the machine",
    "door-close": "the door's handle was within 8 cm of where it is when closed",
    "door-open": "the door's handle was within 8 cm, left to right, of where it is when open",
    "drawer-close": "the drawer's handle was within 5.5 cm of where it is when closed",
    "drawer-open": "the drawer's handle was within 3 cm of where it is when open",
    "faucet-open": "the faucet's handle was within 7 cm of where it is when open",
}
# The papers' prompts among them, word for word.
WORDS: Mapping[str, Words] = {
    "drawer-close": Words("green drawer", "closing"),
    "drawer-open": Words("green drawer", "opening"),
    "door-close": Words("black box", "closing"),
    "door-open": Words("black box", "opening"),
    "button-press": Words("red button", "pushing"),
    "coffee-push": Words("white cup", "pushing"),
    "faucet-open": Words("red faucet", "turning"),
    # Tasks that no agent here learns. They share a thing or a verb with those above, never both.
    "box-close": Words("wooden box", "closing"),
    "button-press-topdown": Words("red button", "pressing"),
    "coffee-button": Words("coffee machine", "starting"),
    "coffee-pull": Words("white cup", "pulling"),
    "door-lock": Words("black box", "locking"),
    "door-unlock": Words("black box", "unlocking"),
    "faucet-close": Words("red faucet", "closing"),
    "handle-press": Words("red handle", "pressing"),
    "handle-pull": Words("red handle", "pulling"),
    "lever-pull": Words("blue lever", "pulling"),
    "plate-slide": Words("black plate", "pushing"),
    "push": Words("red puck", "pushing"),
    "window-close": Words("glass window", "closing"),
}
