"""A MuJoCo scene small enough to reason about: a red ball on a rail over a grey floor."""

from typing import ClassVar

import mujoco

from showtell.rendering.mujoco import Fixed, Free, MujocoScene

XML = """
<mujoco>
  <visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual>
  <worldbody>
    <light pos="0 0 3" dir="0 0 -1" castshadow="true"/>
    <geom type="plane" size="5 5 .1" rgba=".2 .2 .2 1"/>
    <camera name="front" pos="0 -4 1" xyaxes="1 0 0 0 0 1"/>
    <camera name="upside-down" pos="0 -4 1" xyaxes="-1 0 0 0 0 -1"/>
    <body pos="0 0 1">
      <joint type="slide" axis="1 0 0"/>
      <geom type="sphere" size=".3" rgba="1 0 0 1"/>
    </body>
  </worldbody>
</mujoco>
"""


class Rail(MujocoScene):
    """A snapshot is how far right the ball is."""

    cameras: ClassVar = {
        "default": Free((0.0, 0.0, 1.0), distance=4.0, azimuth=90.0, elevation=0.0),
        "near": Fixed("front", crop=0.5),
        "far": Free((0.0, 0.0, 1.0), distance=8.0, azimuth=90.0, elevation=0.0),
    }

    def specification(self):
        return mujoco.MjSpec.from_string(XML)
