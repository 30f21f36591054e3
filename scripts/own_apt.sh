# shellcheck shell=bash
# For the scripts that download packages: an apt with lists of its own, because the machine's may lack
# them, and need root. The packages come from where the machine gets its own, and apt accepts only what
# the signed index of the distribution lists.

# own_apt FOLDER TYPE [ARCHITECTURE] ; TYPE is "deb" or "deb-src". Afterwards, apt_get is that apt.
own_apt() {
    local folder=$1 type=$2 architecture=${3:-} keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$folder"/{lists/partial,cache/archives/partial,download}
    apt-get indextargets \
        --format "$type [${architecture:+arch=$architecture }signed-by=$keyring] \$(REPO_URI) \$(RELEASE) main" \
        'Created-By: Packages' 'Component: main' | sort -u >"$folder/sources.list"
    if [[ ! -s $folder/sources.list ]]; then
        echo "apt has no package lists, so the address of the distribution is not known; run apt-get update" >&2
        return 1
    fi
    own_apt_options=(-qq -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=
        -o Acquire::Languages=none -o Acquire::AllowInsecureRepositories=false -o Acquire::Retries=3)
    [[ -z $architecture ]] || own_apt_options+=(
        -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture")
    apt_get update
}

apt_get() {
    apt-get "${own_apt_options[@]}" "$@"
}
