"""PyTorch files: real ones, made ones, and those that would like to run something."""

from __future__ import annotations

import base64
import io
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.readers import torch_pickle
from pywhispercpp.models.convert.readers.torch_file import TorchFile
from pywhispercpp.models.convert.readers.torch_names import StoredTensor
from tests.whisper_weights import TorchPickle, View, torch_legacy, torch_zip

# What torch.save of PyTorch 2.13 wrote, with and without _use_new_zipfile_serialization.
WRITTEN = (
    "c-o~_OKclO7#=_3I0o_}G-(RqRltGN@!L+5)?o?T(k-d8X~6`FyS6v+3fr51cbuq5ks_glRK2uPg(w2l6FqW7+<NSlLn;nj5Qh"
    "pla6=rKnYEprO%u1tD4Ugc=X?DB%>4gmC65;&zaQ-yy{I24MzO4|sN*FCE1~7jDx%Ph7PztQUIP@&5e`(+swTMBz@77vU$uNyt"
    "(f4EvL<_5Rw|3&En=NehVpf+Rm?!%Pz!afQp#hsX6i<MB^rQ^U@+H7=9^@uvZR8~f&|VI{Jixn0G&A(nGyzn&O`3S<vMgpZVZ7"
    "r2}$k^cuI0@z|+@?MZHo{i&)cZX5fNRQVq2<qZM%go*9*)8$*u_y}1s;P%sp&27P5BUTz8sVntVQB-s+}XQB~!w#>u^n3&|+gy"
    "$p|y&bt$ro4j~hGaO(l7Q<*O)bGNN6dIztj8E@6rLxnJ`68VR*&S~gb~8(*@PD@)|W86EW;}-UPE7nS1ro&v2p`=e2&088}J&9"
    "{dEiU28N&vqb$VLvR+Z)P0q=Ay|&ac@)k1^gE7MA!f=8Z86CBFLKwzn2(yq%dc8o1A{@~Sd)T6iGO9SlEULJTDuE#>Ln_xrCM+"
    "w4QdO~PKzfgT(V7u}iDtlzI{_!HRhVon`4kQNl%;VRLq>+_E%xK>FF}yu9hL*Nx{R;F49Ap&cL@{1AW|koQ+|eIlC0-hi|suO="
    "VXu=fr%BY!g==m{UFQ7s;VuOG0bwLDY!sLy%@6ACLzl?XYCc)BAv%@QHD$GWE3>Tgbz4;8a}kb%QeFLh=#XdVL!(3i42$PYw#&"
    "cBRObTp(hmb?ERG-J-(o<L4lp571c1w5rCrPGEK8!?FQW_nNYe6YLE#kuqe4^x6Vv^t;0|D9`U@S)<apT)Bo+lU*~=&JC9!3Jq"
    "yMl8g3Pg(4uZs6`XHqi^35{-Dr*o<^SoQ-@c$O=(RWhFiP$4H_Ag^sc1{Js#?RM5Zgmy-;s<{1DRF$(@iAY`x@v&nU;aVRjlf?"
    "q=>@gL3Ep=qG4Q7sfUeIe;lP7%D1nFZgiTf%Hv^CIC%&Igzg?yPi}ADqHFJMqdv{6M?_)jFySwt%=9$XKW;wQI)Hxk(E4nwXUM"
    ";4@<*<9a@}E`25&sPIYeFzwed8@dy0ud@UcC0Hdv_M@`Hyu74Wywo8tB2qL4mt4!*ff$Ilt6e}Ddme-EIaIE=oP`*o&&W6rnD>"
    "!ZifPaZ~pzc>eYos=l_qDTAR**i3jivxGB_p&dj{qq>-`O~5hMo*r<J4E*$)9pon-)_HtJ!rC}+bYkggC;N*pvu2|zjUd6{TxB"
    "jodV86HdR9-75sCBexv2Jk|>0p&`3BkkxHeL;aDOTOHM??k$5~7Nyo#{a6Fw##v;jdIF$}3qSWPg_x-a$;v>jhx~SQfPkW2&-R"
    "0c*9qdHg8`vO+jCj#rP0>kWZ$iTy$xS=SuFmJ=u{V-Fj;Fr^?QURBxV;l}bMUV^kfZlFvGyv?V+VW=Y{ZGRS6d!?%ZZITvG&Tz"
    "V}qRzY|M$ZS3Ms4wG$h6V(k@+#}4@&*hCZi=$gjqI<ZNouD!zWSk&dfrkq%NmEf^goY=GzYd_~b9QIcmc8~pSKYk+|SPq~zg&`"
    "~Xd}GZr;yGa}X8ip}k9Geq&}^$d)?x29BDKCSJA4+Vht0R<{trOQUuO"
)
WRITTEN_OLD = (
    "c-nPTTXWk)6qaPiZUntR%ca~}?oNSV$%<ohsogfD1@)4srHD%qvbBxGC{jLY-AtMBj9(H`{s9aRJn|QK>)+ugbcP3xR<fy!x?`"
    "`jXOF(`oNv$BiSmmY{`33#!?QpBxp8`VqFnpCLh~3>!#*KN(ryy-co>JyU6!Ol96=@r`zY;%0p}reSmXt61m)0H$;j{RGA9jwV"
    "ks(PR2%jJ8B;$_I2KIBuFxuoIBI6qu4Wi<w2iu19gU`(nbiw+QpjT{c8yk%v%^AyGdEJP>$~9{REIoHhW@fM;z5|IPQnJGAoLv"
    "0qBKsNySj>nM#HXW?BwZgGt}}=)GPG;&D^G<ZXY9;uF>vvn_Z*3(rz^k91(F2cSl$>mFpbprYV`qKAtk=eLQ`CNOFX1$VrV<y^"
    "(k<VcuFW<SLFXSvbaV+`<Ww_#knE2+#Nwia({lxE{tX*V?lXp8YQbt)m$&y{qXs>F3m^1hpw2;5k#y9?#$RGnN-PUbJvp2*gK8"
    "#5}w-M<ZBf952stw7RQ$OUEn3Q6r95GmeU>9N;zLs2t!-&T*FGbqj9@F_L%>Z{`GkDcD;D*xQ=~RoTZonO5)SKn)I>&k0HP{5W"
    "KIZ!XrWR0Xq8-+xRFLvMEQ0inx;zD%JmE#;^max^VyLIN)y4G31BgIyEG8F1@y;FjKmQ2?(z0^H_Uwa~E_v+{QncZYG7p!<Z1n"
    "|Y}Cs8k?BTj@{=9~US3Nl{FnW&)kh8G9Uk3l|Q>;^NP^WMNIH#ddc2J$&{AT&=UJW1Vm%!o8f~O4;#Up%b7=`8>z|g2S|MHE%@"
    "ja)xWde!U@-+hf7D&vE1b6x0tLt!-#+Y!F42C^qwAq(ZUsn!K4)+~WAs!fnx=gTPJkRVf;Emtk~Z7eahp2=PrO#J4%pcN|+5z8"
    "{U@2>Ge?x$C*y#SdcNwaF-9Fvd{y_ViNnOgT-{L0(~T;-z3)xYMv@TD#b$BR;&`&%&cYHBK4$EW2{HvMZ+~W4Y{FP|C8Ylr=-O"
    "?4TCPs-jlb{PnUHI8s)=i)^{bipHczQ=fkHpY)Zf`MmUC_AdQFdk^|G>CrL&UG9?)WzJ{Po2`5OzFfT4i|2Ix+ppR9tM@Nk>5("
    "u"
)


def opened(tmp_path: Path, content: bytes) -> TorchFile:
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    return TorchFile(path)


def refusal(tmp_path: Path, content: bytes, name: str = "t") -> str:
    """The message that a file is refused with, at once or when its tensor is read."""
    with pytest.raises(ModelError) as caught, opened(tmp_path, content) as file:
        assert isinstance(file.root, dict)
        file.read(file.root[name])
    assert str(tmp_path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("written", [WRITTEN, WRITTEN_OLD])
def test_what_pytorch_itself_wrote(written: str, tmp_path: Path) -> None:
    with opened(tmp_path, zlib.decompress(base64.b85decode(written))) as file:
        root: Any = file.root
        found = {name: file.read(value) for name, value in root.items() if isinstance(value, StoredTensor)}
        state = {name: file.read(value) for name, value in root["state"].items()}
    assert root["dims"] == {"n_mels": 80}
    assert root["words"] == ["a", 1, None, True, 2.5, (1, 2)]
    assert {name: array.tolist() for name, array in found.items()} == {
        "half": [1.5, -2.0],
        "brain": [[0.5], [3.0]],
        "turned": [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]],
        "row": [3.0, 4.0, 5.0],
        "whole": 7,
        "double": 0.1,
        "parameter": [1.0, 1.0],
        "empty": [],
    }
    assert found["half"].dtype == np.float16 and found["brain"].dtype == np.float32
    assert found["empty"].shape == (0, 3) and found["turned"].flags.c_contiguous
    assert {name: array.tolist() for name, array in state.items()} == {
        "weight": [[1.0, 2.0], [3.0, 4.0]],
        "bias": [5.0, 6.0],
    }


def test_what_older_versions_wrote(tmp_path: Path) -> None:
    """A dict made of a list of pairs, a tensor of four arguments (as in lpips 0.1.4's files)."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0kX\x03\0\0\0cpuK\x02NtQ"
    tensor = b"ctorch._utils\n_rebuild_tensor\n(" + storage + b"K\0K\x02\x85K\x01\x85tR"
    table = b"\x80\x02ccollections\nOrderedDict\n](U\x01t" + tensor + b"ta\x85R."
    good = torch_legacy({}).replace(TorchPickle(legacy=True).done({}), table, 1)
    good = good.replace(pickle.dumps([], 2), pickle.dumps(["k"], 2)) + struct.pack("<q2f", 2, 1.5, 2.5)
    with opened(tmp_path, good) as file:
        root: Any = file.root
        assert file.read(root["t"]).tolist() == [1.5, 2.5]


def test_views_stay_within_their_storage(tmp_path: Path) -> None:
    data = np.arange(12, dtype=np.float32)
    for writer in (torch_zip, torch_legacy):
        with opened(tmp_path, writer({"t": View(data, 2, (2, 3), (1, 3))})) as file:
            root: Any = file.root
            assert file.read(root["t"]).tolist() == [[2.0, 5.0, 8.0], [3.0, 6.0, 9.0]]
    for view in (View(data, 3, (2, 3), (4, 3)), View(data, 12, (1,), (1,)), View(data, 0, (13,), (1,))):
        assert "reaches past its storage of 12 numbers" in refusal(tmp_path, torch_zip({"t": view}))
    large = np.zeros(1000, np.float32)
    assert "strewn" in refusal(tmp_path, torch_zip({"t": View(large, 0, (2,), (999,))}))


def test_a_big_endian_checkpoint(tmp_path: Path) -> None:
    good = torch_zip({"t": np.array([1.5, 2.0], ">f4").view("<f4")})
    assert good.count(b"little") == 1
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as archive, zipfile.ZipFile(out, "w") as other:
        for name in archive.namelist():
            other.writestr(name, b"big" if name.endswith("byteorder") else archive.read(name))
    with opened(tmp_path, out.getvalue()) as file:
        root: Any = file.root
        assert file.read(root["t"]).tolist() == [1.5, 2.0]


def test_archives_that_are_not_as_pytorch_writes_them(tmp_path: Path) -> None:
    table = {"t": np.ones(4, np.float32)}
    good = torch_zip(table)
    pickled = TorchPickle().done(table)

    def archive(compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", compression) as made:
            for name, data in members.items():
                made.writestr(f"archive/{name.replace('__', '/').replace('_pkl', '.pkl')}", data)
        return out.getvalue()

    assert "is compressed" in refusal(
        tmp_path, archive(zipfile.ZIP_DEFLATED, data_pkl=pickled, data__0=bytes(16))
    )
    assert "storage 0 has 12 bytes, expected 16" in refusal(tmp_path, torch_zip(table, data0=bytes(12)))
    assert "no member 'data/0'" in refusal(tmp_path, archive(data_pkl=pickled))
    assert "without data.pkl" in refusal(tmp_path, archive(other=b"x"))
    assert "TorchScript" in refusal(tmp_path, archive(data_pkl=pickled, constants_pkl=b"x"))
    assert "has 4194305 bytes, expected at most" in refusal(tmp_path, archive(data_pkl=bytes((4 << 20) + 1)))
    assert "no readable zip archive" in refusal(tmp_path, good[:-30])
    bad = bytearray(good)
    bad[good.index(np.ones(4, np.float32).tobytes())] ^= 1
    assert "wrong checksum" in refusal(tmp_path, bytes(bad))
    twice = io.BytesIO(good)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(twice, "a") as made:
        made.writestr("archive/data/0", bytes(16))
    assert "is there twice" in refusal(tmp_path, twice.getvalue())


def test_a_zip_directory_without_end_is_not_read(tmp_path: Path) -> None:
    """Nine megabytes of directory: refused before an entry of it is made an object."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(140):
            entry = zipfile.ZipInfo(f"archive/{number}")
            entry.comment = bytes(65535)
            made.writestr(entry, b"")
    assert "directory has more than" in refusal(tmp_path, out.getvalue())


def test_old_files_that_are_cut_or_wrong(tmp_path: Path) -> None:
    good = torch_legacy({"t": np.ones(4, np.float32)})
    assert "ends inside its storages" in refusal(tmp_path, good[:-1])
    assert "does not have the 4 numbers" in refusal(tmp_path, good.replace(struct.pack("<q", 4), bytes(8)))
    assert "little-endian" in refusal(tmp_path, good.replace(b"little_endian", b"middle_endian"))
    assert "protocol 1002" in refusal(tmp_path, good.replace(b"M\xe9\x03", b"M\xea\x03", 1))


class Run:
    """A pickle of this runs a command in Python's own pickle."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def evil(trace: Path) -> dict[str, bytes]:
    """Pickles that leave a trace when something in them is run."""
    text = f"touch {trace}".encode()
    argument = b"X" + struct.pack("<I", len(text)) + text
    system = b"cposix\nsystem\n"
    return {
        "reduce": pickle.dumps(Run(trace), 2),
        "reduce, protocol 4": pickle.dumps(Run(trace), 4),
        "inst": b"\x80\x02(S'touch " + str(trace).encode() + b"'\niposix\nsystem\n.",
        "obj": b"\x80\x02(" + system + argument + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n" + argument + b"\x85\x81.",
        "global of another name": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2.__globals__\n.",
        "stack global": b"\x80\x04\x8c\x05posix\x8c\x06system\x93" + argument + b"\x85R.",
        "build": b"\x80\x02ccollections\nOrderedDict\n}X\x0c\0\0\0__setstate__"
        + system
        + b"sb"
        + argument
        + b"b.",
        "extension": b"\x80\x02\x82\x01.",
        "persistent id that is a call": b"\x80\x02" + system + argument + b"\x85Q.",
        "import by builtins": b"\x80\x02cbuiltins\n__import__\nX\x02\0\0\0os\x85R.",
        "after the weights": TorchPickle().done({"a": 1})[:-1] + b"0" + pickle.dumps(Run(trace), 2)[2:],
        "inside the weights": b"\x80\x02}X\x01\0\0\0t" + pickle.dumps(Run(trace), 2)[2:-1] + b"s.",
    }


def test_python_itself_would_run_it(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name in ("reduce", "inst", "obj", "stack global", "after the weights", "inside the weights"):
        pickle.loads(evil(trace)[name])
        assert trace.exists(), name
        trace.unlink()


@pytest.mark.parametrize("name", sorted(evil(Path("x"))))
def test_nothing_is_run(name: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for content in (torch_zip({}, pickled=evil(trace)[name]), _old(evil(trace)[name])):
        message = refusal(tmp_path, content)
        assert "no PyTorch checkpoint of weights alone" in message and "byte" in message
    assert not trace.exists()


def _old(table: bytes) -> bytes:
    good, empty = torch_legacy({}), TorchPickle(legacy=True).done({})
    return good.replace(empty, table, 1)


def test_bombs_are_refused_quickly() -> None:
    """Each is far below the limit of 4 MiB, or just above, and asks for much more than its size."""
    deep = b"\x80\x02)" + b"\x85" * 1_000_000
    for bomb in (
        deep + b"}X\x01\0\0\0tK\x01s.",  # no place for what is deep
        b"\x80\x02}" + deep[2:] + b"K\x01s.",  # a key whose hash would exhaust the stack
        b"\x80\x02" + b"]" * (5 << 20) + b".",
        b"\x80\x02]" + b"q\x00h\x00a" * 400_000 + b".",
        b"\x80\x02X\xff\xff\xff\xff.",
        b"\x80\x02\x8a\xff" + b"\xff" * 10,
        b"\x80\x02J\xff\xff\xff\x7fr\xff\xff\xff\x7f" + b"h\x01" * 10,
        b"\x80\x02c" + b"a" * 1_000_000,
        b"\x80\x02I" + b"9" * 1_000_000 + b"\n.",
        # A dict of ten thousand pairs, fifty thousand times.
        b"\x80\x02ccollections\nOrderedDict\nq\x00]("
        + b"(K\x01K\x01t" * 10_000
        + b"e\x85q\x010"
        + b"h\x00h\x01R0" * 50_000,
        b"",
    ):
        with pytest.raises(ModelError, match="of the pickle"):
            torch_pickle.load(bomb)
    doubled = (b"](h%ch%ceq%c0" % (n, n, n + 1) for n in range(200))
    laughs = b"\x80\x02]q\x000" + b"".join(doubled) + b"h\xc8."
    assert isinstance(torch_pickle.load(laughs).value, list)  # of 2^200 lists, were they ever counted
