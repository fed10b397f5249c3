from raysweep.study.architecture import Conv, Dense, Maxout


def test_multiply_adds_worked_out_by_hand() -> None:
    # Strided: 3 × 256 kernels of 25 values at 32 × 32 places. Transposed: 256 × 128 kernels of 16 from 7 × 7 places.
    assert Conv(3, 256, 64, 5, stride=2, padding=2).multiply_adds == 19_660_800
    assert Conv(256, 128, 7, 4, stride=2, padding=1, transposed=True).multiply_adds == 25_690_112
    assert Dense(1_024, 10).multiply_adds == 10_240
    assert Maxout(2, 200, 5).multiply_adds == 2_000
