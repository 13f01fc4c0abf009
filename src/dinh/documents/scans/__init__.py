"""Scans that people upload: judged and made PDF, stamped, cut to pages; each in a process of its own."""

from dinh.documents.scans.working import Scan, ScanRefused, pages_only, read_scan, stamped, upper_right

__all__ = ["Scan", "ScanRefused", "pages_only", "read_scan", "stamped", "upper_right"]
