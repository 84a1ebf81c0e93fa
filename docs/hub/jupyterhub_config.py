"""The course's settings for JupyterHub; `docs/hub.md` says where this file goes, and gives the reasons."""

MEMORY_OF_A_STUDENT = "3G"
KERNEL_IDLE_S = 30 * 60
DATA = "/srv/course/data"

c = get_config()  # noqa: F821 - JupyterHub brings it

c.Spawner.cpu_limit = 1
c.Spawner.mem_limit = MEMORY_OF_A_STUDENT
c.Spawner.environment.update(
    {
        "COURSE_DATA": DATA,
        "COURSE_OFFLINE": "yes",
        # A limit on time alone does not stop a library from starting a thread for each core of the machine.
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }
)
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={KERNEL_IDLE_S}",
    "--MappingKernelManager.cull_interval=60",
    "--MappingKernelManager.cull_connected=True",  # a finished notebook's tab mostly stays open
]
