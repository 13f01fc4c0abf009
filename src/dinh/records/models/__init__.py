from dinh.records.models.case_file import CaseFile, Filing

__all__ = ["CaseFile", "Filing"]
