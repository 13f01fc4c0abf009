from dinh.records.models.case_file import CaseFile, Filing
from dinh.records.models.file_list import FileList, ListEntry

__all__ = ["CaseFile", "FileList", "Filing", "ListEntry"]
