"""What runs on GitHub: the commands that people run, with few rights, fixed actions, and an end."""

import re
import shutil
import subprocess
import tomllib

import downloads
import pytest
import yaml
from contents import ROOT
from packaging.specifiers import SpecifierSet

pytestmark = pytest.mark.book

WORKFLOWS = {file.stem: file for file in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
PYTHONS = SpecifierSet(
    tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
)
SUPPORTED = [f"3.{minor}" for minor in range(30) if PYTHONS.contains(f"3.{minor}")]
LIMITS = {  # minutes: three times what it takes, and what a run that hangs may cost
    "test": {"test": 60},
    "publish": {"build": 20, "deploy": 10, "notebooks": 20},
    "audit": {"audit": 20},
    "links": {"links": 20},
}

workflows = pytest.mark.parametrize("name", WORKFLOWS)


def read(name):
    return yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))


def begins(name):
    return read(name)[True]  # YAML takes the word "on" for true


def steps(name):
    return [step for job in read(name)["jobs"].values() for step in job["steps"]]


def runs(name):
    return [step["run"].strip() for step in steps(name) if "run" in step]


def test_the_workflows_run_the_commands_that_people_run():
    assert runs("test") == ["make book", "make test"]
    *made, push = runs("publish")
    assert made == ["make book", "make book-zh", "make notebooks-zh"]
    assert push == (
        f"bash scripts/push_notebooks.sh {downloads.FOLDER} "
        f'"https://x-access-token:$TOKEN@github.com/$GITHUB_REPOSITORY.git" {downloads.BRANCH}'
    )
    assert runs("audit") == ["make audit"]
    assert runs("links") == ["make links"]
    assert set(WORKFLOWS) == {"test", "publish", "audit", "links"}


def test_the_tests_run_on_the_oldest_and_the_newest_python_on_every_push_and_proposal():
    assert read("test")["jobs"]["test"]["strategy"] == {
        "fail-fast": False,
        "matrix": {"python": [SUPPORTED[0], SUPPORTED[-1]]},
    }
    assert begins("test") == {"push": {"branches": ["main"]}, "pull_request": None}
    assert "${{ matrix.python }}" in [
        step.get("with", {}).get("python-version") for step in steps("test")
    ]
    text = WORKFLOWS["test"].read_text(encoding="utf-8")
    assert not any("continue-on-error" in line or "if:" in line for line in text.splitlines())


@workflows
def test_a_workflow_may_only_read_takes_no_text_from_outside_and_leaves_no_token(name):
    assert read(name)["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in begins(name)
    pages, branch = {"pages": "write", "id-token": "write"}, {"contents": "write"}
    granted = {"deploy": pages, "notebooks": branch} if name == "publish" else {}
    for key, job in read(name)["jobs"].items():
        assert job.get("permissions") == granted.get(key), key
    assert not [run for run in runs(name) if "${{" in run]  # a branch's name could be a command
    checkouts = [step for step in steps(name) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


@workflows
def test_a_workflow_ends_by_itself_on_a_machine_and_a_python_that_are_supported(name):
    jobs = read(name)["jobs"]
    assert {key: job["timeout-minutes"] for key, job in jobs.items()} == LIMITS[name]
    assert {job["runs-on"] for job in jobs.values()} == {"ubuntu-latest"}
    for step in steps(name):
        version = step.get("with", {}).get("python-version", "")
        assert version in ("", "${{ matrix.python }}", *SUPPORTED)


def test_each_workflow_begins_when_it_should():
    main = {"branches": ["main"]}
    locks = {"paths": ["requirements.lock", "package-lock.json"]}
    assert begins("publish") == {"push": main, "workflow_dispatch": None}
    assert begins("audit")["push"] == {**main, **locks}
    for name in ("audit", "links"):
        assert "workflow_dispatch" in begins(name)
        (clock,) = begins(name)["schedule"]
        assert re.fullmatch(r"\d+ \d+ \* \* \d", clock["cron"])  # once a week


def test_what_is_built_is_what_is_published():
    build, deploy, notebooks = read("publish")["jobs"].values()
    assert notebooks["needs"] == "build"
    assert notebooks["steps"][-1]["env"] == {"TOKEN": "${{ github.token }}"}  # of this job alone
    assert deploy["needs"] == "build" and deploy["environment"]["name"] == "github-pages"
    assert read("publish")["concurrency"] == {"group": "pages", "cancel-in-progress": False}
    last = build["steps"][-1]
    assert last["uses"].startswith("actions/upload-pages-artifact@")
    assert last["with"] == {"path": "_build/html"}
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    cache = next(step for step in steps("test") if "cache" in step.get("uses", ""))
    assert cache["with"] == {"path": "~/.cache/lenet_tutorial", "key": "mnist"}


def test_an_action_is_pinned_by_commit_with_its_version_beside_the_same_in_all_workflows():
    pins = {}
    for name, file in WORKFLOWS.items():
        lines = re.findall(r"uses:.*", file.read_text(encoding="utf-8"))
        assert len(lines) == sum("uses" in step for step in steps(name)) > 0
        for line in lines:
            found = re.fullmatch(r"uses: (actions/[\w-]+)@([0-9a-f]{40} # v\d+(\.\d+)*)", line)
            assert found, line
            pins.setdefault(found[1], set()).add(found[2])
    assert len(pins) >= 4
    assert all(len(found) == 1 for found in pins.values()), pins


def test_dependabot_looks_after_the_actions_and_npm():
    settings = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert {one["package-ecosystem"] for one in settings["updates"]} == {"github-actions", "npm"}


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_the_branch_of_the_notebooks_holds_the_last_ones_alone(tmp_path):
    def git(*arguments):
        command = ["git", "--git-dir", str(tmp_path / "repository"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout

    def push():
        script = str(ROOT / "scripts" / "push_notebooks.sh")
        command = ["bash", script, "build", str(tmp_path / "repository"), "notebooks"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")

    git("init", "--quiet", "--bare")
    for name in ("old", "new"):
        folder = tmp_path / "build" / "chapters"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(name, encoding="utf-8")
        pushed = push()
        assert pushed.returncode == 0, pushed.stderr
    tree = ("ls-tree", "-r", "--name-only", "notebooks")
    assert git(*tree) == "chapters/new.ipynb\n"
    assert git("rev-list", "--count", "notebooks") == "1\n"
    shutil.rmtree(tmp_path / "build" / "chapters")
    assert push().returncode != 0  # nothing to put there: what is there stays
    assert git(*tree) == "chapters/new.ipynb\n"
