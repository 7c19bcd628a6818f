"""The integer forms that noises take, a folder each: `reference.py`, `cpu.py` and `cuda.py` side by side.

A form's `__init__.py` has its integers and says what is done with them. Beside it,

    reference.py  apply(form, images, index, seed): new images, in NumPy, slow enough to read
    cpu.py        loop(form, height, width, channels, planar, seed): a loop over the images of a batch, compiled by Numba
    cuda.py       launch(form, images, noisy, planar, index, seed): Triton kernels; where there is none, the CPU makes the bytes

of which none imports another. What reference, CPU and CUDA share with their like lies in `by_reference.py`, `by_numba.py` and
`by_triton.py`.
"""
