"""The words in which people speak of the kitchen's tasks."""

from collections.abc import Mapping

from showtell.worlds.words import Words

WORDS: Mapping[str, Words] = {  # the paper's prompts among them
    "kettle": Words("kettle", "moving"),
    "hinge": Words("hinged cabinet", "opening"),
    "slide": Words("sliding cabinet", "opening"),
}
