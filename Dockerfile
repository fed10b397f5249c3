# One image for every node of a cluster: Ray wants the same Python on all of them, to the patch release.
FROM python:3.12.12-slim-bookworm

# What launchers run inside: Ray's rsync and tmux, and on the head ssh, to start the other machines; KubeRay's health
# checks wget.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssh-client rsync tmux wget \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 raysweep
WORKDIR /home/raysweep

COPY pyproject.toml constraints.txt README.md LICENSE ./source/
COPY raysweep ./source/raysweep
COPY search_spaces ./source/search_spaces
COPY analysis ./source/analysis
# boto3: with it Ray's launcher starts machines on AWS, and TensorBoard reads from s3://.
RUN pip install --no-cache-dir --constraint source/constraints.txt "./source[cluster]" boto3 && rm -r source

USER 1000
# Not an ENTRYPOINT: Ray's launcher starts a container with a shell, and runs everything else in it.
CMD ["raysweep", "--help"]
