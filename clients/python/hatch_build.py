"""Generates `sluice.v1` from the protos when the package is built."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateStubs(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        import grpc_tools
        from grpc_tools import protoc

        root = Path(self.root)
        protos = root / "protos"  # in a source distribution
        if not protos.is_dir():
            protos = root.parent.parent / "protos"
        files = sorted(str(file) for file in protos.glob("sluice/v1/*.proto"))
        if not files:
            raise RuntimeError(f"no protos in {protos}")
        # An editable installation imports from the sources themselves.
        self.out = None if version == "editable" else tempfile.mkdtemp()
        google = Path(grpc_tools.__file__).parent / "_proto"
        out = self.out or str(root / "src")
        arguments = [f"--{kind}={out}" for kind in ("python_out", "pyi_out", "grpc_python_out")]
        if protoc.main(["protoc", f"-I{protos}", f"-I{google}", *arguments, *files]) != 0:
            raise RuntimeError("protoc failed")
        package = Path(out, "sluice", "v1")
        (package / "__init__.py").touch()
        if self.out:
            build_data["force_include"][str(package)] = "sluice/v1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.out:
            shutil.rmtree(self.out)
