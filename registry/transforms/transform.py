"""The description of a transform, without its SQL."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Transform:
    description: str
    takes: tuple[str, ...]
    gives: str
    edge_cases: str
    raw_type: str | None = None
    """The type of the raw column where no mapping declares it. None is the type that the transform gives, because
    numbers and times are landed as such; a transform that reads another meaning from a value names its type here."""

    def fits(self, source_type: str, target_type: str) -> bool:
        return self.gives == target_type and source_type in (*self.takes, self.gives)

    def is_identity_on(self, source_type: str) -> bool:
        return source_type == self.gives and source_type not in self.takes
