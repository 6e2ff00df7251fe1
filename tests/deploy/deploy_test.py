"""What deploy/, Dockerfile and docker-compose.yml say, held against the binaries and one another."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["BELFRY_BIN"])
SERVICES = {"scheduler": 8080, "payment": 8081, "notification": 8082, "dashboard": 8083}
# What every Debian image has.
BASE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"}
EXPOSURE_MAX = 2.0
SERVICE_MIB_MAX = 512  # what a service promises to keep within


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mebibytes(text):
    """`512M` or `2G` as a number of MiB."""
    return int(text[:-1]) * {"M": 1, "G": 1024}[text[-1]]


def stages():
    """The instructions of each stage of the Dockerfile, by its name."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found, name = {}, None
    for line in text.splitlines():
        if match := re.match(r"FROM (\S+) AS (\S+)", line):
            name = match[2]
            found[name] = {"from": match[1], "lines": []}
        elif name and line and not line.startswith("#"):
            found[name]["lines"].append(line)
    return found


def packages(all_stages, name):
    """The packages that a stage and those below it install."""
    stage = all_stages.get(name)
    if stage is None:
        return set()
    words = set()
    for line in stage["lines"]:
        for part in re.findall(r"--no-install-recommends([^&]*)", line):
            words |= set(part.split())
    return words | packages(all_stages, stage["from"])


def package_of(library):
    """The package of a library; Debian 12 knows some files below / and below /usr."""
    path = pathlib.Path(library).resolve()
    for one in (path, pathlib.Path(str(path).removeprefix("/usr"))):
        found = subprocess.run(["dpkg", "-S", str(one)], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    raise AssertionError(f"no package has {library}")


def needed(binary):
    """The packages of the libraries that the binary names itself."""
    names = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", str(binary)))
    paths = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", str(binary))))
    return {package_of(paths[name]) for name in names if name in paths}


# What is read and not linked: certificates, and the rules of time zones.
DATA = {"ca-certificates", "tzdata"}


class Docker(unittest.TestCase):
    def test_each_image_has_the_libraries_of_its_binary_and_no_others(self):
        all_stages = stages()
        common = packages(all_stages, "runtime") - DATA
        for service in SERVICES:
            with self.subTest(service):
                has = packages(all_stages, service)
                wants = needed(BIN / f"belfry-{service}") - BASE
                self.assertEqual(wants - has, set(), "missing in the image")
                own = has - common - DATA
                self.assertEqual(own - wants, set(), "in the image for nothing")

    def test_a_library_too_few_is_noticed(self):
        self.assertIn("libsqlite3-0", needed(BIN / "belfry-scheduler"))
        self.assertNotIn("libsqlite3-0", packages(stages(), "payment"))

    def test_what_installs_packages_leaves_no_lists_or_caches_of_apt(self):
        all_stages = stages()
        for name in ("runtime", *SERVICES):
            for line in all_stages[name]["lines"]:
                if "apt-get" in line:
                    with self.subTest(name):
                        self.assertIn("&& rm -rf /var/lib/apt/lists/* /var/cache/apt/*", line)

    def test_services_run_as_nobody_with_a_health_check(self):
        all_stages = stages()
        for service, port in SERVICES.items():
            with self.subTest(service):
                lines = all_stages[service]["lines"]
                users = [x for x in all_stages["runtime"]["lines"] + lines if x.startswith("USER")]
                self.assertEqual(users[-1], "USER 10001:10001")
                self.assertTrue(any(f'CMD ["healthy", "{port}"]' in line for line in lines))

    def test_the_compose_file_wires_the_four(self):
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        self.assertEqual(set(compose["services"]), set(SERVICES))
        for name, service in compose["services"].items():
            with self.subTest(name):
                self.assertEqual(service["build"]["target"], name)
                self.assertIn(f"127.0.0.1:{SERVICES[name]}:{SERVICES[name]}", service["ports"])
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])

    def test_the_compose_file_bounds_each_service(self):
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        for name, service in compose["services"].items():
            with self.subTest(name):
                self.assertGreater(mebibytes(service["mem_limit"].upper()), SERVICE_MIB_MAX)
                self.assertLessEqual(mebibytes(service["mem_limit"].upper()), 2 * SERVICE_MIB_MAX)
                self.assertLessEqual(service["pids_limit"], 256)
                self.assertEqual(service["ulimits"]["core"], 0)

    def test_published_ports_serve_no_foreign_host(self):
        # A listener on all addresses serves every Host unless some are named.
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        for name in ("scheduler", "dashboard"):
            flags = compose["services"][name]["command"]
            self.assertTrue([flag for flag in flags if flag.startswith("--allowed-host=")], name)

    def test_only_services_that_keep_something_have_a_volume(self):
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        all_stages = stages()
        self.assertNotIn("VOLUME /data", all_stages["runtime"]["lines"])
        for name, service in compose["services"].items():
            with self.subTest(name):
                keeps = any(volume.endswith(":/data") for volume in service.get("volumes", []))
                self.assertEqual("VOLUME /data" in all_stages[name]["lines"], keeps)

    def test_every_flag_of_the_compose_file_exists(self):
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        for name, service in compose["services"].items():
            known = run(str(BIN / f"belfry-{name}"), "--help")
            for flag in service["command"]:
                with self.subTest(f"{name} {flag}"):
                    self.assertIn(flag.split("=")[0] + " ", known)


class Systemd(unittest.TestCase):
    def units(self):
        return sorted((ROOT / "deploy/systemd").glob("*.service"))

    def test_there_is_one_for_each_service_with_flags_that_exist(self):
        self.assertEqual([unit.stem for unit in self.units()], sorted(f"belfry-{s}" for s in SERVICES))
        for unit in self.units():
            line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1].split()
            known = run(str(BIN / unit.stem), "--help")
            for flag in (word for word in line if word.startswith("--")):
                with self.subTest(f"{unit.stem} {flag}"):
                    self.assertIn(flag + " ", known)

    def test_each_unit_bounds_its_service(self):
        for unit in self.units():
            with self.subTest(unit.stem):
                settings = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE))
                self.assertEqual(mebibytes(settings["MemoryHigh"]), SERVICE_MIB_MAX)
                self.assertGreater(mebibytes(settings["MemoryMax"]), SERVICE_MIB_MAX)
                self.assertLessEqual(mebibytes(settings["MemoryMax"]), 2 * SERVICE_MIB_MAX)
                self.assertEqual(settings["LimitCORE"], "0")
                self.assertLessEqual(int(settings["TasksMax"]), 256)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_sandboxes_are_tight(self):
        for unit in self.units():
            with self.subTest(unit.stem):
                told = run("systemd-analyze", "security", "--offline=true", str(unit))
                level = float(re.search(r"exposure level for \S+: ([\d.]+)", told)[1])
                self.assertLessEqual(level, EXPOSURE_MAX)


if __name__ == "__main__":
    unittest.main()
