# One image for every node of a cluster: Ray wants the same Python on all of them, to the patch release.
FROM python:3.12.12-slim-bookworm

RUN useradd --create-home --uid 1000 raysweep
WORKDIR /home/raysweep

COPY pyproject.toml constraints.txt README.md LICENSE ./source/
COPY raysweep ./source/raysweep
COPY search_spaces ./source/search_spaces
COPY analysis ./source/analysis
RUN pip install --no-cache-dir --constraint source/constraints.txt "./source[cluster]" && rm -r source

USER 1000
ENTRYPOINT ["raysweep"]
CMD ["--help"]
