from tests.support.certificates import certificate

__all__ = ["certificate"]
