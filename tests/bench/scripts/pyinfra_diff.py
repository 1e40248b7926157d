"""Run by pyinfra: would each node get its other file?"""

from pyinfra import host
from pyinfra.operations import files

files.put(src=host.data.wanted, dest=host.data.config, add_deploy_dir=False)
