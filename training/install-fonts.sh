#!/usr/bin/env bash
# Installs the open fonts that the synthetic training data is drawn with. Needs Debian or Ubuntu, root and npm.
# Usage: training/install-fonts.sh [FOLDER]    (FOLDER for the Fontsource faces, default ~/.local/share/fonts/fontsource)
#
# Debian's packages bring the office, typewriter, handwriting and display faces; Fontsource's npm packages bring
# receipt, dot-matrix, condensed and sign faces. FreeType reads their woff2 files as they are.
set -euo pipefail
folder=${1:-$HOME/.local/share/fonts/fontsource}

apt-get install -y --no-install-recommends \
  fonts-3270 fonts-adf-accanthis fonts-adf-baskervald fonts-adf-berenis fonts-adf-gillius fonts-adf-ikarius \
  fonts-adf-libris fonts-adf-mekanus fonts-adf-romande fonts-adf-switzera fonts-adf-tribun fonts-adf-universalis \
  fonts-adf-verana fonts-allerta fonts-anonymous-pro fonts-arkpandora fonts-averia-sans-gwf fonts-averia-serif-gwf \
  fonts-b612 fonts-bebas-neue fonts-beteckna fonts-breip fonts-cabin fonts-cantarell fonts-clear-sans fonts-cmu \
  fonts-comfortaa fonts-comic-neue fonts-compagnon fonts-courier-prime fonts-croscore fonts-crosextra-caladea \
  fonts-crosextra-carlito fonts-dejavu-core fonts-dejavu-extra fonts-dkg-handwriting fonts-dosis fonts-dseg \
  fonts-dustin fonts-ebgaramond fonts-essays1743 fonts-fantasque-sans fonts-firacode fonts-freefont-ttf \
  fonts-georgewilliams fonts-glasstty fonts-gnutypewriter fonts-go fonts-goudybookletter fonts-hack fonts-hermit \
  fonts-humor-sans fonts-inconsolata fonts-inter fonts-isabella fonts-jetbrains-mono fonts-junction fonts-jura \
  fonts-karla fonts-kristi fonts-lato fonts-league-mono fonts-league-spartan fonts-liberation fonts-lindenhill \
  fonts-linuxlibertine fonts-lmodern fonts-lobster fonts-manrope fonts-monofur fonts-monoid fonts-mononoki \
  fonts-ocr-a fonts-ocr-b fonts-oflb-asana-math fonts-okolaks fonts-oldstandard fonts-open-sans fonts-opendin \
  fonts-osifont fonts-oxygen fonts-paratype fonts-play fonts-prociono fonts-quattrocento fonts-quicksand \
  fonts-roboto-fontface fonts-roboto-slab fonts-roboto-unhinted fonts-routed-gothic fonts-sixtyfour fonts-sjfonts \
  fonts-staypuft fonts-stix fonts-summersby fonts-texgyre fonts-tiresias fonts-tomsontalks fonts-tuffy \
  fonts-ubuntu-title fonts-urw-base35 fonts-vollkorn fonts-yanone-kaffeesatz

faces=(
  abel abril-fatface alfa-slab-one amatic-sc anton archivo-black archivo-narrow arimo arvo asap-condensed
  atkinson-hyperlegible-mono azeret-mono b612-mono baloo-2 bangers barlow-condensed barlow-semi-condensed bitter
  black-ops-one bowlby-one bree-serif bungee cabin-condensed carter-one caveat chivo cinzel comic-mono commit-mono
  concert-one courgette courier-prime cousine crimson-text cutive-mono dm-mono dm-sans dm-serif-display
  domine dotgothic16 doto encode-sans-condensed exo-2 fira-mono fira-sans-condensed fira-sans-extra-condensed
  fjalla-one francois-one fredoka frank-ruhl-libre geist-mono gochi-hand great-vibes hind ia-writer-mono
  ibm-plex-mono ibm-plex-sans-condensed ibm-plex-serif inconsolata indie-flower josefin-sans jost kanit kaushan-script
  kode-mono lalezar league-gothic libre-barcode-39-text libre-baskerville libre-franklin lilita-one lora luckiest-guy
  merriweather monda monofett montserrat mulish news-cycle nova-mono nunito old-standard-tt oleo-script
  open-sans-condensed orbitron oswald overpass-mono oxygen-mono pacifico pathway-gothic-one patrick-hand patua-one
  paytone-one permanent-marker philosopher playfair-display poppins pragati-narrow press-start-2p pt-mono
  pt-sans-narrow quantico questrial racing-sans-one rajdhani raleway red-hat-mono reddit-mono righteous roboto-condensed
  roboto-mono rokkitt rubik rubik-mono-one russo-one saira-condensed saira-extra-condensed saira-stencil-one satisfy
  secular-one shadows-into-light share-tech share-tech-mono sigmar-one silkscreen slackey sometype-mono source-code-pro
  space-mono special-elite spectral spline-sans-mono staatliches stardos-stencil syncopate tangerine teko tenor-sans
  titan-one titillium-web ubuntu-condensed ubuntu-mono ultra unbounded varela-round vt323 work-sans yellowtail
  yeseva-one zen-dots zilla-slab
  # Faces of old books, and of road signs and plates.
  barlow big-shoulders-stencil-text bodoni-moda chivo-mono chonburi cormorant fanwood-text gfs-didot gilda-display gupter
  ibarra-real-nova im-fell-dw-pica im-fell-english im-fell-great-primer jetbrains-mono libre-bodoni libre-caslon-text
  martian-mono newsreader oranienbaum overpass playfair prata rufina sorts-mill-goudy
)
mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || echo '{"private": true}' > package.json
# One at a time on failure: a face that left the registry must not cost the others.
npm install --silent --no-audit --no-fund --ignore-scripts "${faces[@]/#/@fontsource/}" ||
  for face in "${faces[@]}"; do
    npm install --silent --no-audit --no-fund --ignore-scripts "@fontsource/$face" || echo "not found: $face" >&2
  done
