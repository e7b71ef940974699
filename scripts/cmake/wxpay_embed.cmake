# wxpay_embed(TARGET NAME FILE): makes the text of FILE a constant NAME (std::string_view) for the sources of TARGET.
# The generated header is included as "embedded/NAME.hpp".
function(wxpay_embed target name file)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/embedded-${target}")
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  add_custom_command(
    OUTPUT "${directory}/embedded/${name}.hpp"
    COMMAND "${CMAKE_COMMAND}" "-DNAME=${name}" "-DSOURCE=${source}" "-DTARGET=${directory}/embedded/${name}.hpp"
            -P "${PROJECT_SOURCE_DIR}/scripts/cmake/embed_file.cmake"
    DEPENDS "${source}" "${PROJECT_SOURCE_DIR}/scripts/cmake/embed_file.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${directory}/embedded/${name}.hpp")
  target_include_directories(${target} PRIVATE "${directory}")
endfunction()
