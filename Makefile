# Every target sets up .venv by itself when it is missing or older than what it is made from.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready
SITE := .venv/.site-ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
.PHONY: help address augment course labs test trace lab update notebooks benchmarks finetune generators pretrain readme site pdf slides lint lock wheels clean
help:            ## list the targets
	@sed -n 's/^\([a-z]*\): .*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

course: $(READY) ## run every lesson, print the verdicts and write the report page
	$(BIN)/course run

labs: $(READY)   ## run every lab, print the verdicts and write the report page
	$(BIN)/course run labs

test: $(SITE)    ## run the whole test suite, notebooks included
	$(BIN)/python -m pytest -n logical --maxprocesses 4

lab: $(READY)    ## open JupyterLab on a copy of lesson 1 in work/, which is made once
	$(BIN)/course start 1
	$(BIN)/jupyter lab --LabApp.app_settings_dir=work/.jupyterlab work/1_classic_ml.ipynb

update: $(READY) ## bring a new edition of the course into work/; answers stay
	$(BIN)/course update

notebooks: $(READY) ## rebuild and execute notebooks/ from notebooks/source/
	$(BIN)/python -m course_utils.authoring.build

benchmarks: $(READY) ## measure what the course costs, into benchmarks/README.md
	$(BIN)/python benchmarks/run.py

pretrain: $(READY) ## train lesson 3's shipped model anew, into results/pretrained (half an hour)
	$(BIN)/python -m course_utils.models.pretraining $(OPTIONS)

generators: $(READY) ## train lesson 4's six generators anew, into results/generators (an hour)
	$(BIN)/python -m course_utils.models.generators

finetune: $(READY) ## train lesson 3's whole experiment anew, into results/finetuned (over an hour)
	$(BIN)/python -m course_utils.models.finetuning

augment: $(READY) ## train lab 4_augment's eight generators anew, into results/augmented (six minutes)
	$(BIN)/python -m course_utils.models.augmenting

trace: $(READY)  ## train lab 4_why's small generators anew, into results/traced (ten minutes)
	$(BIN)/python -m course_utils.models.tracing

readme: $(READY) ## refresh the README's tables and figure from results/laptop
	$(BIN)/python -m course_utils.authoring.readme

address: $(READY) ## bring the address in pyproject.toml into the README and the notebooks' first cells
	$(BIN)/python -m course_utils.authoring.readme --address

site: $(SITE)    ## build the site from the stored notebooks, into build/site
	$(BIN)/python -m course_utils.authoring.site

pdf: site        ## print each lesson from the site, into build/pdf (needs Chromium)
	$(BIN)/python -m course_utils.authoring.printing $(OPTIONS)

slides: $(SITE)  ## make slides of each lesson, one file each, in build/slides
	$(BIN)/python -m course_utils.authoring.slides

wheels: $(READY) ## everything that a room without a network installs, into build/wheels
	mkdir -p build/wheels && rm -f build/wheels/course_utils-*.whl
	$(BIN)/python -m pip download --quiet --only-binary=:all: -r requirements.lock -d build/wheels
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w build/wheels .
	cp requirements.lock build/wheels/
	@echo 'Copy build/wheels to a stick. In the room, in an empty folder, for the same system and Python:'
	@echo '  python -m venv .venv, activate it, then'
	@echo '  pip install --no-index --find-links STICK/wheels -r STICK/wheels/requirements.lock course_utils'

lint: $(READY)   ## check and format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:            ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --upgrade --universal --fork-strategy fewest \
	  --no-annotate --python-version 3.11 --custom-compile-command "make lock" -o requirements.lock
	uv pip compile pyproject.toml --extra site -c requirements.lock --universal --fork-strategy fewest \
	  --no-annotate --no-header --python-version 3.11 | grep -vxF -f requirements.lock > requirements-site.lock

clean:           ## remove the environment, the results and what was built
	rm -rf .venv .venv.old results build

# What only the site needs comes on top of the environment.
$(SITE): $(READY) requirements-site.lock
	@$(PIP) -c requirements.lock -r requirements-site.lock && echo ready > $(SITE)

# The mark is set last, so that an interrupted installation starts again. An environment that worked waits
# aside (a moved one would not run) and comes back where no new one can be made, for want of a network, say.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@if [ -e $(READY) ]; then rm -rf .venv.old && mv .venv .venv.old; fi
	@{ $(PYTHON) -m venv --clear .venv && $(PIP) -r requirements.lock && \
	   $(PIP) --no-deps --no-build-isolation -e . && echo ready > $(READY) && rm -rf .venv.old; } || \
	  { if [ -e .venv.old/.ready ]; then rm -rf .venv && mv .venv.old .venv && \
	    echo "No new environment could be made (see above). The one before is back; to go on with it: touch $(READY)"; fi; exit 1; }
