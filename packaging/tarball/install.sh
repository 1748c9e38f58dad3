#!/bin/sh
# Puts Visavis and its signaling server below ~/.local, where they need no rights; or takes them
# away again. Settings, contacts and the key that owns your names are not touched by either.
#
#   ./install.sh               install, or update
#   ./install.sh --uninstall   remove
#   PREFIX=DIR ./install.sh    below another folder than ~/.local
set -eu

here=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-${HOME:?there is no home folder: say PREFIX=DIR}/.local}

# Desktops and menus keep lists of what there is; one that is not here needs no telling.
tell_desktop() {
    if command -v update-desktop-database >/dev/null 2>&1; then
        update-desktop-database -q "$prefix/share/applications" || true
    fi
    if command -v gtk-update-icon-cache >/dev/null 2>&1; then
        gtk-update-icon-cache -q -t "$prefix/share/icons/hicolor" 2>/dev/null || true
    fi
}

install_files() {
    while IFS= read -r file; do
        mkdir -p "$prefix/$(dirname "$file")"
        # In one step, also over a program that runs.
        cp -p "$here/$file" "$prefix/$file.new"
        mv -f "$prefix/$file.new" "$prefix/$file"
    done <"$here/files.txt"
    # A desktop may look for programs in other places than a shell does.
    entry=$prefix/share/applications/visavis.desktop
    escaped=$(printf '%s\n' "$prefix/bin/visavis" | sed 's/[&|\\]/\\&/g')
    sed "s|^Exec=visavis |Exec=\"$escaped\" |" "$here/share/applications/visavis.desktop" >"$entry.new"
    mv -f "$entry.new" "$entry"
    tell_desktop
    echo "Visavis is in $prefix/bin."
    case ":${PATH:-}:" in
    *":$prefix/bin:"*) ;;
    *) echo "To start it by its name, put that folder on your PATH." ;;
    esac
}

remove_files() {
    while IFS= read -r file; do
        rm -f "$prefix/$file"
        # Folders that are empty now, up to the prefix.
        (cd "$prefix" 2>/dev/null && rmdir -p "$(dirname "$file")" 2>/dev/null) || true
    done <"$here/files.txt"
    tell_desktop
    echo "Visavis is gone from $prefix. Your settings, contacts and key stay."
}

case "${1:-}" in
'') install_files ;;
--uninstall) remove_files ;;
*)
    echo "install.sh: there is only --uninstall" >&2
    exit 2
    ;;
esac
