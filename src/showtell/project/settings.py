"""The base of all settings and records."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A record that takes exactly its fields and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
