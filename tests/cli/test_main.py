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
