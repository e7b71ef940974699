# What clang-tidy's verdict on each source hangs on: prints "facts<TAB>source", one line per source of ours.
# Reads, in this order: compile_commands.json, "digest  path" lines of our own files, `ninja -t deps` (as "-").
# tree: the build directory, absolute.
function absolute(path) { # as the build directory sees it; ccache writes the tree's own files relative to it
    if (path !~ /^\//) path = tree "/" path
    while (sub(/\/[^\/.][^\/]*\/\.\.\//, "/", path)) {}
    return path
}
FILENAME ~ /compile_commands\.json$/ {
    if ($1 == "\"command\":") command = $0
    if ($1 == "\"file\":") { split($0, quoted, "\""); commands[quoted[4]] = command }
    next
}
FILENAME != "-" { digests[$2] = $1; next }
/^[^ ].*: #deps/ { source = ""; next }   # an object; its source comes first among the indented lines that follow
/^ / {
    path = absolute($1)
    if (source == "") {
        source = path in seen || !(path in commands) || !(path in digests) ? "-" : path
        if (source != "-") { seen[source] = 1; sources[++count] = source }
    }
    if (source != "-" && path in digests) facts[source] = facts[source] " " digests[path]
}
END { for (i = 1; i <= count; ++i) print commands[sources[i]] facts[sources[i]] "\t" sources[i] }
