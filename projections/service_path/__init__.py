"""The service path: what one client's path is on a day, as one viewer may see it."""

from projections.service_path.fold import service_path
from projections.service_path.rows import ClientRow, ConsentRow, ServicePath, ViewerRow

__all__ = ["ClientRow", "ConsentRow", "ServicePath", "ViewerRow", "service_path"]
