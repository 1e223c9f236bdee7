from tests.places import database_url, folder_place, place, server_place

__all__ = ["database_url", "folder_place", "place", "server_place"]
