from commands import command, finished
from PIL import Image

import skmnist
from skmnist._cli import main


def test_help_and_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skmnist {skmnist.__version__}\n"
    for arguments in ([], ["train"], ["tune"], ["evaluate"], ["predict"]):
        assert main([*arguments, "--help"]) == 0
        out, err = capsys.readouterr()
        assert out.startswith(f"usage: {' '.join(['skmnist', *arguments])} [-h]")
        assert max(map(len, out.splitlines())) < 80
        assert err == ""
        assert "SUPPRESS" not in out
        assert "None" not in out


def test_a_name_that_cannot_be_shown_is_escaped(tmp_path):
    image = Image.new("L", (60, 60), 255)
    image.paste(0, (27, 10, 33, 50))
    image.save(tmp_path / "\u4e03.png")
    process = command(
        "predict", "\u4e03.png", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}
    )
    code, out, err = finished(process)

    assert (code, err) == (0, "")
    assert out.startswith("\\u4e03.png\t0\t1\t")
