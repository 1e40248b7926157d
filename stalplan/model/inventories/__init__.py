"""Lists of machines that others keep -> nodes: plain lists and Ansible inventories."""
