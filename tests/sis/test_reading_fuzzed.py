"""Two thousand broken uploads: each ends in rows or in problems, none in a crash."""

import io
import random
import zipfile

import pytest

from sis.upload.contents import MalformedFile, Upload, open_upload
from sis.upload.password_removal import strip_passwords

UPLOADS = 2000

FILES: dict[str, bytes] = {
    "users.csv": b"user_id,login_id,password,status,full_name\r\n"
    + b"".join(b'U%d,person%d,hush,active,"Last%d, First"\r\n' % (n, n, n) for n in range(8)),
    "links.csv": b"\xef\xbb\xbfobserver_id,student_id,status\nU1,U2,active\nU3,U2,deleted\n",
    "enrollments.csv": "section_id,user_id,role,status\nS1,U1,Größe,active\n\n,,,\n".encode() * 3,
    "nested/terms.csv": b'"term_id","name","status"\r"T1","Autumn ""26""","active"\r"T2","two\rlines",""\r',
    "empty.csv": b"",
    "notes.txt": b"hello",
}
# A small OneRoster: each needs tables in the database, so there are fewer of them.
ONEROSTER: dict[str, bytes] = {
    "manifest.csv": b"propertyName,value\noneroster.version,1.2\nfile.users,bulk\nfile.orgs,delta\n",
    "orgs.csv": b"sourcedId,status,name,parentSourcedId\na,,A,b\nb,,B,\nc,,C,c\n",
    "academicSessions.csv": b"sourcedId,status,title,type,startDate\nt,,T,term,2025-01-01\ny,,Y,schoolYear,x\n",
    "classes.csv": b'sourcedId,status,title,schoolSourcedId,termSourcedIds\nk,,K,a,"t,y"\nl,,L,b,\n',
    "users.csv": b"sourcedId,status,username,agentSourcedIds,password\ns,,sam,g,hush\ng,,kim,,hush\n",
    "roles.csv": b"sourcedId,status,userSourcedId,role,endDate\n1,,s,student,\n2,,g,guardian,2999-01-01\n",
    "enrollments.csv": b"sourcedId,status,classSourcedId,userSourcedId,role,endDate\n1,,k,s,student,2020-01-01\n",
}
SDS = {name: content for name, content in ONEROSTER.items() if name not in ("manifest.csv", "classes.csv")} | {
    "users.csv": b"sourcedId,username\ns,sam\ng,kim\n",
    "relationships.csv": b"userSourcedId,relationshipUserSourcedId,relationshipRole\ns,g,guardian\n",
}
NASTY = [b'"', b'""', b"\r", b"\n", b"\r\n", b",", b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xed\xa0\x80", b" ",
         b"PK\x01\x02", b"PK\x05\x06", b"\xff\xff\xff\xff", b"../", b"=", b"x" * 70_000, "🎒".encode()]  # fmt: skip


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """The bytes with one to six things wrong with them."""
    content = bytearray(raw)
    for _n in range(rng.randint(1, 6)):
        at = rng.randrange(len(content) + 1)
        until = min(len(content), at + rng.choice([1, 1, 2, 4, 50]))
        match rng.randrange(6):
            case 0:
                content[at:at] = rng.choice(NASTY)
            case 1:
                del content[at:until]
            case 2:
                content[at:until] = rng.randbytes(until - at)
            case 3:
                content[at:at] = content[rng.randrange(len(content) + 1) :][:100]
            case 4 if content:
                content[at % len(content)] ^= 1 << rng.randrange(8)
            case _:
                del content[max(1, at) :]
                break
    return bytes(content)


def archive_of(files: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def broken_upload(rng: random.Random) -> tuple[str, bytes]:
    """A CSV gone wrong, an archive of such, a OneRoster of such, or an archive that has itself gone wrong."""
    kind = rng.randrange(20)
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    if kind == 0:
        files = {name: mutated(content, rng) if rng.random() < 0.3 else content
                 for name, content in rng.choice([ONEROSTER, SDS]).items()}  # fmt: skip
        return "rosters.zip", archive_of(files, method)
    if kind < 8:
        return "roster.csv", mutated(FILES[rng.choice(list(FILES))], rng)
    if kind < 14:
        files = {mutated(name.encode(), rng).decode("latin-1")[:60_000] or "x" if rng.random() < 0.1 else name: content
                 for name, content in FILES.items()}  # fmt: skip
        return "rosters.zip", archive_of({name: mutated(content, rng) for name, content in files.items()}, method)
    return "rosters.zip", mutated(archive_of(FILES, method), rng)


def read_all(upload: Upload) -> int:
    """Every row of an upload. Looks at the promises that hold whatever is in it."""
    count = 0
    for file in upload.files:
        rows = file.rows()
        try:
            first = next(rows, None)
        except MalformedFile as fault:
            assert fault.problem.message  # noqa: PT017
            continue
        # After the first row nothing is raised any more.
        for row in [first, *rows] if first else []:
            assert row.number > 1
            assert row.cells.keys() == file.columns
            assert all(value is None or (value and "\0" not in value) for value in row.cells.values())
            count += 1
    assert all(problem.message and problem.file.isprintable() for problem in upload.problems)
    return count


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(8))
def test_no_broken_upload_crashes(tmp_path, part):
    path, copy = tmp_path / "upload", tmp_path / "copy"
    rows = problems = 0
    for seed in range(part, UPLOADS, 8):
        name, content = broken_upload(random.Random(seed))
        path.write_bytes(content)
        with open_upload(path, name) as upload:
            read = read_all(upload)
            rows, problems = rows + read, problems + len(upload.problems)
        strip_passwords(path, name, copy)
        with open_upload(copy, name) as upload:
            assert read_all(upload) == read, seed
    assert rows > 500
    assert problems > 50
