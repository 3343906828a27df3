"""A sealed page opens with its passphrase alone, and says what is wrong when it does not."""

import json

import pytest

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import sealed

PAGE = "<main><h1>Torbay & Derriford</h1> “fünf” </script></main>"
WORDS = "correct horse battery"
SHELL = "<title>$title</title><body>$sealed</body>"


@pytest.fixture(scope="module")
def file() -> str:
    return sealed.seal(PAGE, WORDS, salt=b"s" * 16, nonce=b"n" * 12, title="Pack <1>", shell=SHELL)


def changed(file: str, **to: object) -> str:
    begin, end = file.index(sealed.BEGINS) + len(sealed.BEGINS), file.index(sealed.ENDS)
    return file[:begin] + json.dumps(json.loads(file[begin:end]) | to) + file[end:]


def test_it_opens_with_its_passphrase_and_shows_nothing_without(file: str) -> None:
    assert sealed.open_page(file, WORDS) == PAGE
    assert "Torbay" not in file and "<title>Pack &lt;1&gt;</title>" in file
    assert '"rounds": 600000' in file


@pytest.mark.parametrize("words", ["", "correct horse batterY", WORDS + " "])
def test_another_passphrase_opens_nothing(file: str, words: str) -> None:
    with pytest.raises(CannotParse, match="passphrase is another"):
        sealed.open_page(file, words)


def test_a_title_that_was_exchanged_is_noticed(file: str) -> None:
    with pytest.raises(CannotParse, match="file was changed"):
        sealed.open_page(changed(file, title="Pack of today"), WORDS)


@pytest.mark.parametrize(
    "to", [{"salt": "not base 64"}, {"data": None}, {"nonce": "AAAA"}, {"rounds": 10**9}, {"rounds": "many"}]
)
def test_what_is_cut_off_or_changed_is_refused_in_plain_words(file: str, to: dict[str, object]) -> None:
    with pytest.raises(CannotParse, match="cut off or changed"):
        sealed.open_page(changed(file, **to), WORDS)


@pytest.mark.parametrize(
    "text", ["", "<html></html>", sealed.BEGINS + "{", sealed.BEGINS + "[]" + sealed.ENDS]
)
def test_a_file_that_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(CannotParse):
        sealed.open_page(text, WORDS)
