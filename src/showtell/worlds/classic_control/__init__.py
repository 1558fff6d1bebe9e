"""CartPole and MountainCar."""
