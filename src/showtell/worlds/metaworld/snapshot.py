"""What a snapshot of a Meta-World task holds: the joints, and what a task moves in the model."""

from showtell.worlds.snapshots import Layout

SNAPSHOT = Layout(data=("qpos", "mocap_pos", "mocap_quat"), model=("body_pos", "site_pos"))
