import io

from openpyxl import load_workbook

from dinh.kernel.tables import Sheet, TableColumn, write_workbook


def test_workbook_has_sheets_of_its_own_names_and_numbers_that_are_numbers():
    columns = (TableColumn(title="Tên", share=20), TableColumn(title="Số", share=10, align="right"))
    title = "Chứng thư số và khóa hết hạn trong 60 ngày"
    sheets = [
        Sheet(title, columns, [(("=1+1", 12_345), False)]),
        Sheet(title, columns, [(("Khác", 1.5), True)]),
        Sheet("a/b:c", columns, []),
    ]

    with write_workbook(sheets) as written:
        book = load_workbook(io.BytesIO(written.read()))

    assert book.sheetnames == ["Chứng thư số và khóa hết hạn tr", "Chứng thư số và khóa hết hạn 2", "a-b-c"]
    first, second, _third = book.worksheets
    text, whole = first[2]
    assert (text.value, text.data_type, whole.value, whole.number_format) == ("=1+1", "s", 12_345, "#,##0")
    assert (second[2][1].value, second[2][1].number_format) == (1.5, "#,##0.0")
    assert second[2][0].font.strike
