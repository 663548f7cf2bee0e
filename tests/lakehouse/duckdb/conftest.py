from tests.support.plain_lake import beside_the_lake, catalog, lake, raw_trades

__all__ = ["beside_the_lake", "catalog", "lake", "raw_trades"]
