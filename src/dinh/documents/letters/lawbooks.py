"""The dated rules of documents, for whoever asks which rule made a form so."""

from dinh.documents.letters.law import MARKS, MODELS, PROFILES, TYPES
from dinh.documents.letters.registers import REGISTERS
from dinh.kernel.law import lawbooks


def register_lawbooks() -> None:
    lawbooks.register("forms", PROFILES)
    lawbooks.register("document_types", TYPES)
    lawbooks.register("marks", MARKS)
    lawbooks.register("form_words", MODELS)
    lawbooks.register("registers", REGISTERS)
