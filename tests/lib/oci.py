#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""OCI images byte for byte, with nothing but Python's library (and zstd(1)): what is right, and what is not.

usage: oci.py image [OPTION...] OUT LAYER...   an image of directories and tar archives, lowest layer first
       oci.py list [good|hostile]              the images below, one a line: NAME OUTCOME WHAT
       oci.py make NAME OUT                    one of them, in its own form (mostly a layout directory)
       oci.py make-all good|hostile DIR        all of them, as DIR/NAME
       oci.py tar NAME OUT                     only its last layer, uncompressed
       oci.py expect NAME DIR                  the tree that the good image NAME must give, made from what it says, not
                                               from its archives
       oci.py implicit NAME                    its directories that a layer has without an entry of their own
       oci.py check NAME ROOT                  whether the tree ROOT of a hostile image that was taken is as it must be
       oci.py reasons                          NAME and the regular expression that its refusal must match, with a tab between

LAYER is a directory (packed with GNU tar: sparse files, xattrs, ACLs) or a tar archive, with ,gzip ,zstd ,none behind it.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zlib

if __name__ == '__main__':
    sys.modules['oci'] = sys.modules['__main__']  # the images below import what is here

OCI = 'application/vnd.oci.image.'
DOCKER = 'application/vnd.docker.'
INDEX, MANIFEST, CONFIG = OCI + 'index.v1+json', OCI + 'manifest.v1+json', OCI + 'config.v1+json'
LAYER_TYPES = {'gzip': OCI + 'layer.v1.tar+gzip', 'zstd': OCI + 'layer.v1.tar+zstd', 'none': OCI + 'layer.v1.tar'}
CREATED = '2023-11-14T22:13:20Z'
NAME = 'localhost/lodge-test'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def to_json(value):
    return value if isinstance(value, bytes) else json.dumps(value, separators=(',', ':')).encode()


def compress(data, how, level=1):
    if how == 'gzip':
        return gzip.compress(data, level, mtime=0)
    if how == 'zstd':
        return subprocess.run(['zstd', '-q', '-c', f'-{level}'], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def deflated(pieces):
    """A gzip stream of [(data, times)], without ever holding it uncompressed; its CRC is wrong where times is large."""
    crc, size, out = 0, 0, [b'\x1f\x8b\x08\0\0\0\0\0\0\xff']
    for data, times in pieces:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        out += [(packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)) * times]
        size += len(data) * times
        crc = zlib.crc32(data, crc)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b''.join(out) + last.flush() + crc.to_bytes(4, 'little') + (size & 0xffffffff).to_bytes(4, 'little')


class Layer:
    """A layer of a tar archive. What is given beside it replaces what is true: blob, digest, size, diff_id, media_type."""

    def __init__(self, tar, compression='gzip', blob=None, media_type=None, diff_id=None, urls=None, annotations=None,
                 **wrong):
        self.tar = tar
        self.blob = blob if blob is not None else compress(tar, compression)
        self.diff_id = diff_id or digest(tar)
        self.descriptor = {'mediaType': media_type or LAYER_TYPES[compression], 'digest': digest(self.blob),
                           'size': len(self.blob)} | wrong
        if urls:
            self.descriptor['urls'] = urls
        if annotations:
            self.descriptor['annotations'] = annotations

    @classmethod
    def of(cls, path, compression='gzip'):
        """of a directory or of a file"""
        if os.path.isdir(path):
            tar = subprocess.run(['tar', '-C', path, '--create', '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
                                  '--numeric-owner', '--sparse', '--xattrs', '--xattrs-include=*', '--acls', '--sort=name',
                                  '.'], stdout=subprocess.PIPE, check=True).stdout
        else:
            tar = pathlib.Path(path).read_bytes()
        return cls(tar, compression)


class Image:
    """One image for one platform. config: the `config` object; whole: more of the configuration file; manifest: a function
    that changes the manifest, or bytes that replace it; config_file: the same for the configuration."""

    def __init__(self, layers, config=None, reference=f'{NAME}:latest', platform='linux/amd64', whole=None, manifest=None,
                 config_file=None, docker=False, history=None, config_wrong=None):
        self.layers, self.reference, self.docker = list(layers), reference, docker
        system, architecture, *variant = platform.split('/')
        self.platform = {'architecture': architecture, 'os': system} | ({'variant': variant[0]} if variant else {})
        content = {'created': CREATED} | self.platform | {
            'config': config or {}, 'rootfs': {'type': 'layers', 'diff_ids': [layer.diff_id for layer in self.layers]},
            'history': history if history is not None else
            [{'created': CREATED, 'created_by': f'layer {i}'} for i in range(len(self.layers))]} | (whole or {})
        self.config = changed(content, config_file)
        content = {'schemaVersion': 2, 'mediaType': DOCKER + 'distribution.manifest.v2+json' if docker else MANIFEST,
                   'config': {'mediaType': DOCKER + 'container.image.v1+json' if docker else CONFIG,
                              'digest': digest(self.config), 'size': len(self.config)} | (config_wrong or {}),
                   'layers': [self.docker_type(layer.descriptor) for layer in self.layers]}
        self.manifest = changed(content, manifest)

    def docker_type(self, descriptor):
        if not self.docker:
            return descriptor
        kind = descriptor['mediaType']
        kind = {LAYER_TYPES['gzip']: DOCKER + 'image.rootfs.diff.tar.gzip',
                LAYER_TYPES['none']: DOCKER + 'image.rootfs.diff.tar'}.get(kind, kind)
        return descriptor | {'mediaType': kind}

    def descriptor(self):
        media = DOCKER + 'distribution.manifest.v2+json' if self.docker else MANIFEST
        return {'mediaType': media, 'digest': digest(self.manifest), 'size': len(self.manifest), 'platform': self.platform}

    def blobs(self):
        """{digest as descriptors name it: bytes}"""
        found = {digest(self.manifest): self.manifest, digest(self.config): self.config}
        return found | {layer.descriptor['digest']: layer.blob for layer in self.layers}


def changed(content, change):
    if isinstance(change, bytes):
        return change
    other = change(content) if change else None  # a change may also be made in place
    return to_json(content if other is None else other)


class Layout:
    """An OCI layout of images, each under its reference; index: a function that changes it or bytes that replace it;
    nested: put all of them under one reference, behind an index of platforms."""

    def __init__(self, images, index=None, marker=b'{"imageLayoutVersion":"1.0.0"}', nested=None, extra=None):
        self.files, blobs = {'oci-layout': marker}, {}
        entries = []
        for image in images:
            blobs |= image.blobs()
            entries.append(image.descriptor() | ({} if nested else self.named(image.reference)))
        if nested:
            inner = to_json({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': entries})
            blobs[digest(inner)] = inner
            entries = [{'mediaType': INDEX, 'digest': digest(inner), 'size': len(inner)} | self.named(nested)]
        self.files['index.json'] = changed({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': entries}, index)
        for name, data in blobs.items():
            algorithm, _, value = name.partition(':')
            if value and not set(value) & {'/', '\0'}:  # no layout can hold a blob under another name
                self.files[f'blobs/{algorithm}/{value}'] = data
        self.files |= extra or {}

    @staticmethod
    def named(reference):
        return {'annotations': {'org.opencontainers.image.ref.name': reference}}

    def write(self, path):
        for name, data in self.files.items():
            target = pathlib.Path(path, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def archive(self):
        return archive_of(self.files)


def archive_of(files):
    """A plain tar archive of {name: bytes}, with the directories before the files as docker and skopeo write them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as tar:
        folders = sorted({str(parent) for name in files for parent in pathlib.PurePosixPath(name).parents} - {'.'})
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def docker_save(image, tags=None, manifest=None):
    """{name: bytes} of what `docker save` writes: layers uncompressed, and one file that names them"""
    config = hashlib.sha256(image.config).hexdigest() + '.json'
    files, names = {config: image.config}, []
    for layer in image.layers:
        names.append(layer.diff_id.removeprefix('sha256:') + '/layer.tar')
        files[names[-1]] = layer.tar
    content = [{'Config': config, 'RepoTags': tags if tags is not None else [image.reference], 'Layers': names}]
    return files | {'manifest.json': changed(content, manifest)}


# --- the program ------------------------------------------------------------------------------------------------------

def write_file(path, data):
    pathlib.Path(path).write_bytes(data)


def command_image(options):
    layers = []
    for text in options.layers:
        path, _, how = text.rpartition(',') if text.endswith((',gzip', ',zstd', ',none')) else (text, '', 'gzip')
        layers.append(Layer.of(path, how))
    image = Image(layers, json.loads(options.config), options.ref, options.platform, docker=options.docker)
    if options.format == 'docker-save':
        write_file(options.out, archive_of(docker_save(image)))
    elif options.format == 'oci-tar':
        write_file(options.out, Layout([image]).archive())
    else:
        Layout([image]).write(options.out)


def cases(kind=None):
    import ocigood
    import ocihostile
    found = {}
    if kind in (None, 'good'):
        found |= ocigood.CASES
    if kind in (None, 'hostile'):
        found |= ocihostile.CASES
    return found


def write_case(product, out):
    """A case gives an Image, a Layout, {name: bytes} of an archive, the bytes of a file or a function that gets the path."""
    if isinstance(product, Image):
        product = Layout([product])
    if isinstance(product, Layout):
        product.write(out)
    elif callable(product):
        product(out)
    else:
        write_file(out, archive_of(product) if isinstance(product, dict) else product)


def command_list(options):
    for name, case in cases(options.kind).items():
        print(f'{name} {case.outcome} {case.what}')


def command_reasons(_):
    for name, case in cases().items():
        print(name, case.reason, sep='\t')


def command_make_all(options):
    os.makedirs(options.out, exist_ok=True)
    for name, case in cases(options.kind).items():
        write_case(case.make(), os.path.join(options.out, name))


def command_implicit(options):
    case = cases('good')[options.name]
    recipe = case.recipe()
    case.product(recipe)
    for name in sorted(recipe.implicit):
        print(os.fsdecode(name) or '/')


def command_check(options):
    errors = cases()[options.name].check(options.root)
    for error in errors:
        print(error)
    return 1 if errors else 0


def command_tar(options):
    product = cases()[options.name].make()
    images = [product] if isinstance(product, Image) else getattr(product, 'images', [])
    if not images:
        sys.exit(f'oci.py: {options.name} is no single image')
    write_file(options.out, images[0].layers[-1].tar)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser('image')
    verb.add_argument('--format', choices=('layout', 'oci-tar', 'docker-save'), default='layout')
    verb.add_argument('--ref', default=f'{NAME}:latest')
    verb.add_argument('--config', default='{}', metavar='JSON')
    verb.add_argument('--platform', default='linux/amd64')
    verb.add_argument('--docker', action='store_true', help="docker's media types")
    verb.add_argument('out')
    verb.add_argument('layers', nargs='+', metavar='LAYER')
    verb.set_defaults(run=command_image)
    verb = verbs.add_parser('list')
    verb.add_argument('kind', nargs='?', choices=('good', 'hostile'))
    verb.set_defaults(run=command_list)
    verbs.add_parser('reasons').set_defaults(run=command_reasons)
    verb = verbs.add_parser('make-all')
    verb.add_argument('kind', choices=('good', 'hostile'))
    verb.add_argument('out')
    verb.set_defaults(run=command_make_all)
    for name, argument, run in (('make', 'out', lambda o: write_case(cases()[o.name].make(), o.out)),
                                ('tar', 'out', command_tar),
                                ('expect', 'dir', lambda o: cases()[o.name].expect(o.dir)),
                                ('check', 'root', command_check),
                                ('implicit', None, command_implicit)):
        verb = verbs.add_parser(name)
        verb.add_argument('name')
        if argument:
            verb.add_argument(argument)
        verb.set_defaults(run=run)
    return parser.parse_args()


if __name__ == '__main__':
    chosen = arguments()
    sys.exit(chosen.run(chosen))
